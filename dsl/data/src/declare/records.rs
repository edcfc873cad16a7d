//! `records assay = table("assay.tsv.gz")`, and columns of them.

use super::arguments::{Call, Located};
use super::{Reader, at};
use crate::source::columns::Columns;
use crate::source::delimited::{self, Untitled};
use cistron_declaration::{Diagnostic, Entry, Expression, Kind, Span, did_you_mean};

/// Rows that several inputs and outputs are columns of.
pub(crate) struct Records {
    /// The declared name; none for a table that an output names directly.
    pub(crate) name: Option<String>,
    pub(crate) key: String,
    pub(crate) columns: Columns,
    /// Names of the rows.
    pub(crate) names: Vec<String>,
    /// The column the names come from; none when rows are only numbered.
    pub(crate) name_column: Option<String>,
}

impl Reader<'_> {
    pub(crate) fn read_records(&mut self, entry: &Entry) -> Located<()> {
        let name = entry.name.clone().unwrap_or_default();
        let call = Call::of(&entry.value, self.captures, "`table(\"..\")` or `frame(..)`")?;
        let found = match call.function {
            "frame" => {
                call.only(&["name"])?;
                Columns::from_frame(call.frame()?)
            }
            "table" => {
                call.only(&["name"])?;
                let (path, span) = call.text()?;
                let content = self.open(&path, span)?;
                delimited::read(&content, false, Untitled::Refused).map_err(at(span))?
            }
            "dataset" => {
                call.only(&["name"])?;
                let (registered, span) = call.text()?;
                let path = crate::registry::path(&registered).map_err(at(span))?;
                let content = self.open(&path.to_string_lossy(), span)?;
                delimited::read(&content, false, Untitled::Refused).map_err(at(span))?
            }
            other => {
                let message = format!("records cannot come from `{other}`");
                return Err(Diagnostic::error(call.span, message).help(did_you_mean(other, ["table", "frame", "dataset"])));
            }
        };
        self.add_records(Some(name), found, call.named_text("name")?, call.span)
            .map(|_| ())
    }

    /// Adds a table; gives its place in the list.
    pub(crate) fn add_records(
        &mut self,
        name: Option<String>,
        columns: Columns,
        chosen: Option<String>,
        span: Span,
    ) -> Located<usize> {
        let rows = columns.frame.height();
        if rows == 0 {
            return Err(Diagnostic::error(span, format!("{}: the table has no rows", columns.label)));
        }
        let name_column = columns.name_column(chosen.as_deref()).map_err(at(span))?;
        let names = match &name_column {
            Some(title) => columns.text(title).map_err(at(span))?,
            None => (1..=rows).map(|i| format!("row {i}")).collect(),
        };
        if let Some(row) = names.iter().position(String::is_empty) {
            let title = name_column.unwrap_or_default();
            return Err(Diagnostic::error(
                span,
                format!(
                    "{}: column `{title}` is empty; every example needs a name",
                    columns.place(row)
                ),
            ));
        }
        let key = match &name {
            Some(name) => format!("records {name}"),
            None => format!("table {} by {}", columns.label, name_column.as_deref().unwrap_or("row")),
        };
        self.records.push(Records {
            name,
            key,
            columns,
            names,
            name_column,
        });
        Ok(self.records.len() - 1)
    }

    /// The records and the title that `column("y")` or `sim.y` mean, with where the title stands.
    pub(crate) fn column_of(&self, expression: &Expression) -> Located<(usize, String, Span)> {
        match &expression.kind {
            Kind::Field { receiver, field } => {
                let Kind::Name(records) = &receiver.kind else {
                    return Err(Diagnostic::error(
                        expression.span,
                        "expected a column of records, such as `assay.y`",
                    ));
                };
                let exist = || self.records.iter().filter_map(|r| r.name.as_deref());
                let found = self.records.iter().position(|r| r.name.as_deref() == Some(records));
                let missing = || {
                    let message = format!("no records `{records}`");
                    Diagnostic::error(receiver.span, message).help(did_you_mean(records, exist()))
                };
                Ok((found.ok_or_else(missing)?, field.clone(), expression.span))
            }
            _ => {
                let call = Call::of(expression, self.captures, "a column of records")?;
                let (title, span) = call.text()?;
                let declared: Vec<usize> = (0..self.records.len()).filter(|&i| self.records[i].name.is_some()).collect();
                match declared.as_slice() {
                    [one] => Ok((*one, title, span)),
                    [] => {
                        let message = format!("`column(\"{title}\")` has no records to be a column of");
                        Err(Diagnostic::error(call.span, message).help("declare them first: `records assay = table(\"..\");`"))
                    }
                    _ => {
                        let names: Vec<_> = declared.iter().filter_map(|&i| self.records[i].name.clone()).collect();
                        let message = format!("`column(\"{title}\")` could be of {}", names.join(" or "));
                        Err(Diagnostic::error(call.span, message).help(format!("write `{}.{title}`", names[0])))
                    }
                }
            }
        }
    }

    /// The source of some records.
    pub(crate) fn records_source(&mut self, index: usize, span: Span) -> usize {
        let records = &self.records[index];
        let label = match &records.name {
            Some(name) => format!("records `{name}`"),
            None => records.columns.label.clone(),
        };
        let (key, names) = (records.key.clone(), records.names.clone());
        self.source(&key, &label, names, span)
    }

    /// A column of records as text, for the rows of the joined data.
    pub(crate) fn joined_column(
        &self,
        index: usize,
        title: &str,
        joined: &super::join::Joined,
        span: Span,
    ) -> Located<Vec<String>> {
        let records = &self.records[index];
        let all = records.columns.text(title).map_err(at(span))?;
        match self.sources.iter().position(|s| s.key == records.key) {
            Some(source) => Ok(joined.rows[source].iter().map(|&r| all[r].clone()).collect()),
            None => {
                let by_name: std::collections::HashMap<&str, &String> =
                    records.names.iter().map(String::as_str).zip(&all).collect();
                let found = joined
                    .names
                    .iter()
                    .map(|n| by_name.get(n.as_str()).map(|v| (*v).clone()).unwrap_or_default());
                Ok(found.collect())
            }
        }
    }
}
