//! Variables that a pattern binds.

/// A variable that a `let` binds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Binding {
    /// Its name.
    pub(crate) name: String,
    /// Whether it is `mut`.
    pub(crate) mutable: bool,
    /// Whether it is a reference into the value that the pattern takes apart.
    pub(crate) by_reference: bool,
}

/// The variables of a pattern, from left to right. Names in capitals are constants, not variables.
pub(crate) fn pattern_bindings(pattern: &syn::Pat) -> Vec<Binding> {
    let mut out = Vec::new();
    collect(pattern, &mut out);
    out
}

fn collect(pattern: &syn::Pat, out: &mut Vec<Binding>) {
    match pattern {
        syn::Pat::Ident(ident) => {
            let name = ident.ident.to_string();
            let constant = ident.mutability.is_none() && name.starts_with(|c: char| c.is_ascii_uppercase());
            if !constant {
                out.push(Binding {
                    name,
                    mutable: ident.mutability.is_some() && ident.by_ref.is_none(),
                    by_reference: ident.by_ref.is_some(),
                });
            }
            if let Some((_, inner)) = &ident.subpat {
                collect(inner, out);
            }
        }
        syn::Pat::Type(typed) => collect(&typed.pat, out),
        syn::Pat::Paren(inner) => collect(&inner.pat, out),
        syn::Pat::Reference(inner) => collect(&inner.pat, out),
        syn::Pat::Tuple(tuple) => tuple.elems.iter().for_each(|p| collect(p, out)),
        syn::Pat::TupleStruct(tuple) => tuple.elems.iter().for_each(|p| collect(p, out)),
        syn::Pat::Struct(fields) => fields.fields.iter().for_each(|f| collect(&f.pat, out)),
        syn::Pat::Slice(slice) => slice.elems.iter().for_each(|p| collect(p, out)),
        syn::Pat::Or(or) => or.cases.iter().take(1).for_each(|p| collect(p, out)),
        _ => {}
    }
}
