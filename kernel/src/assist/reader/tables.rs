//! Tables in source files: the constants from which the parser and the checker of the declarations read their words.

use std::collections::HashMap;
use syn::visit::Visit;
use syn::{Expr, Lit, Pat};

/// The value of a constant, as far as a table needs it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// `"text"`
    Text(String),
    /// `[..]` and `(..)`, references to them too.
    List(Vec<Value>),
    /// `function(..)`, `Name(..)`, and a plain path without arguments.
    Call(String, Vec<Value>),
    /// `Name { field: value }`
    Fields(HashMap<String, Value>),
    /// `true` or `false`
    Switch(bool),
    /// Anything else.
    Other,
}

impl Value {
    /// The items of a list.
    pub(super) fn items(&self) -> &[Self] {
        if let Self::List(items) = self { items } else { &[] }
    }

    /// What it is as text.
    pub(super) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The texts of a list.
    pub(super) fn texts(&self) -> Vec<String> {
        self.items().iter().filter_map(|v| v.text().map(String::from)).collect()
    }

    /// A field of a structure.
    pub(super) fn field(&self, name: &str) -> &Self {
        const NONE: &Value = &Value::Other;
        if let Self::Fields(fields) = self {
            fields.get(name).unwrap_or(NONE)
        } else {
            NONE
        }
    }

    /// The arguments of a call.
    pub(super) fn arguments(&self) -> &[Self] {
        if let Self::Call(_, arguments) = self { arguments } else { &[] }
    }

    /// The name of what is called.
    pub(super) fn called(&self) -> &str {
        if let Self::Call(name, _) = self { name } else { "" }
    }
}

/// The constants of a file and its neighbours; names of others among them are followed.
#[derive(Debug, Default)]
pub(super) struct Tables(HashMap<String, Vec<Expr>>);

impl Tables {
    /// Takes in the constants of a file.
    pub(super) fn learn(&mut self, file: &syn::File) {
        for item in &file.items {
            if let syn::Item::Const(item) = item {
                self.0.entry(item.ident.to_string()).or_default().push((*item.expr).clone());
            }
        }
    }

    /// The value of a constant; of several with one name the first.
    pub(super) fn get(&self, name: &str) -> Value {
        self.all(name).into_iter().next().unwrap_or(Value::Other)
    }

    /// The values of all constants of this name.
    pub(super) fn all(&self, name: &str) -> Vec<Value> {
        self.0
            .get(name)
            .into_iter()
            .flatten()
            .map(|expr| self.value(expr, 0))
            .collect()
    }

    fn value(&self, expr: &Expr, depth: usize) -> Value {
        let list = |items: &mut dyn Iterator<Item = &Expr>| items.map(|e| self.value(e, depth)).collect::<Vec<_>>();
        match expr {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Value::Text(text.value()),
                Lit::Bool(switch) => Value::Switch(switch.value),
                _ => Value::Other,
            },
            Expr::Array(array) => Value::List(list(&mut array.elems.iter())),
            Expr::Tuple(tuple) => Value::List(list(&mut tuple.elems.iter())),
            Expr::Reference(inner) => self.value(&inner.expr, depth),
            Expr::Paren(inner) => self.value(&inner.expr, depth),
            Expr::Call(call) => Value::Call(last_name(&call.func), list(&mut call.args.iter())),
            Expr::Struct(one) => {
                let fields = one.fields.iter().map(|field| {
                    let name = match &field.member {
                        syn::Member::Named(name) => name.to_string(),
                        syn::Member::Unnamed(at) => at.index.to_string(),
                    };
                    (name, self.value(&field.expr, depth))
                });
                Value::Fields(fields.collect())
            }
            Expr::Path(_) => {
                let name = last_name(expr);
                match self.0.get(&name).and_then(|all| all.first()) {
                    Some(constant) if depth < 8 => self.value(constant, depth + 1),
                    _ => Value::Call(name, Vec::new()),
                }
            }
            _ => Value::Other,
        }
    }
}

fn last_name(expr: &Expr) -> String {
    match expr {
        Expr::Path(path) => path.path.segments.last().map(|s| s.ident.to_string()).unwrap_or_default(),
        _ => String::new(),
    }
}

/// What the arms of `match word { "conv" => self.convolution(..), "relu" => Operation::Relu }` lead to.
#[derive(Debug, Default)]
pub(super) struct Arms {
    /// Word, and the methods of `self` and the paths in its arm, in order.
    pub(super) leads: Vec<(String, Vec<String>)>,
    /// Word, and the text that its arm gives.
    pub(super) texts: Vec<(String, String)>,
}

impl Arms {
    /// Takes in a file.
    pub(super) fn learn(&mut self, file: &syn::File) {
        self.visit_file(file);
    }

    /// What a word leads to.
    pub(super) fn leads<'a>(&'a self, word: &'a str) -> impl Iterator<Item = &'a str> {
        let arms = self.leads.iter().filter(move |(w, _)| w == word);
        arms.flat_map(|(_, leads)| leads.iter().map(String::as_str))
    }

    /// The text that a word gives.
    pub(super) fn text(&self, word: &str) -> Option<&str> {
        self.texts.iter().find(|(w, _)| w == word).map(|(_, text)| text.as_str())
    }
}

impl Visit<'_> for Arms {
    fn visit_arm(&mut self, arm: &syn::Arm) {
        let mut words = Vec::new();
        texts_of(&arm.pat, &mut words);
        if !words.is_empty() {
            let mut leads = Leads::default();
            leads.visit_expr(&arm.body);
            for word in &words {
                self.leads.push((word.clone(), leads.0.clone()));
                if let Expr::Lit(syn::ExprLit { lit: Lit::Str(text), .. }) = &*arm.body {
                    self.texts.push((word.clone(), text.value()));
                }
            }
        }
        syn::visit::visit_arm(self, arm);
    }
}

fn texts_of(pattern: &Pat, out: &mut Vec<String>) {
    match pattern {
        Pat::Lit(literal) => {
            if let Lit::Str(text) = &literal.lit {
                out.push(text.value());
            }
        }
        Pat::Or(or) => or.cases.iter().for_each(|case| texts_of(case, out)),
        Pat::TupleStruct(some) => some.elems.iter().for_each(|case| texts_of(case, out)),
        _ => {}
    }
}

/// Names of methods of `self`, and of paths as `Owner::Name`.
#[derive(Default)]
struct Leads(Vec<String>);

impl Visit<'_> for Leads {
    fn visit_expr_method_call(&mut self, call: &syn::ExprMethodCall) {
        if matches!(&*call.receiver, Expr::Path(path) if path.path.is_ident("self")) {
            self.0.push(call.method.to_string());
        }
        syn::visit::visit_expr_method_call(self, call);
    }

    fn visit_path(&mut self, path: &syn::Path) {
        let names: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        if let [.., owner, name] = names.as_slice() {
            self.0.push(format!("{owner}::{name}"));
        }
        syn::visit::visit_path(self, path);
    }
}

/// The words that a function takes for an argument: `self.word(arguments, "kind", &["Max", "Mean"], ..)`.
#[derive(Debug, Default)]
pub(super) struct Choices(pub(super) Vec<(String, Vec<String>)>);

impl Visit<'_> for Choices {
    fn visit_expr_method_call(&mut self, call: &syn::ExprMethodCall) {
        let tables = Tables::default();
        let values: Vec<Value> = call.args.iter().map(|a| tables.value(a, 0)).collect();
        let named = values.windows(2).find_map(|pair| Some((pair[0].text()?, pair[1].texts())));
        if let Some((name, words)) = named
            && !words.is_empty()
        {
            self.0.push((name.to_string(), words));
        }
        syn::visit::visit_expr_method_call(self, call);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_with_the_constants_it_names() {
        let text = "const ADAM: &[(&str, Range)] = &[(\"lr\", Range::Positive)];\n\
                    const ALL: [Optimizer; 1] = [Optimizer { name: \"Adam\", fields: ADAM }];";
        let mut tables = Tables::default();
        tables.learn(&syn::parse_file(text).expect("Rust"));
        let all = tables.get("ALL");
        assert_eq!(all.items()[0].field("name").text(), Some("Adam"));
        assert_eq!(all.items()[0].field("fields").items()[0].items()[0].text(), Some("lr"));
        assert_eq!(tables.get("NONE"), Value::Other);
    }

    #[test]
    fn arms_tell_where_a_word_leads() {
        let text = "fn f() { match w { \"conv\" => self.convolution(item), \"a\" | \"b\" => Operation::Relu, \"c\" => \"text\", _ => 0 } }";
        let mut arms = Arms::default();
        arms.learn(&syn::parse_file(text).expect("Rust"));
        assert_eq!(arms.leads("conv").collect::<Vec<_>>(), ["convolution"]);
        assert_eq!(arms.leads("b").collect::<Vec<_>>(), ["Operation::Relu"]);
        assert_eq!(arms.text("c"), Some("text"));
    }
}
