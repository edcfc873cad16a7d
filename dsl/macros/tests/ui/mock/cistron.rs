// The names of crate `cistron` that the macros expand to, so that these tests compile nothing else.
extern crate self as cistron;

pub use cistron_macros::{compare, data, fit, model, objective};

pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[derive(Default)]
pub struct Dataset;
#[derive(Clone, Default)]
pub struct Model(pub Vec<String>);
#[derive(Default)]
pub struct Objective;
#[derive(Default)]
pub struct Run(pub Vec<String>);
pub struct Signature;
pub struct DataFrame;

pub enum Value {
    Int(i32),
    Text(String),
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::Int(number)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl Dataset {
    pub fn signature(&self) -> Signature {
        Signature
    }
}

impl Model {
    pub fn with(&self, name: &str, value: impl Into<Value>) -> Result<Model> {
        let value = match value.into() {
            Value::Int(number) => number.to_string(),
            Value::Text(text) => text,
        };
        Ok(Model(self.0.iter().cloned().chain([format!("{name} = {value}")]).collect()))
    }
}

#[derive(Debug, Default)]
pub struct Sgd {
    pub lr: f64,
    pub momentum: f64,
    pub weight_decay: f64,
    pub nesterov: bool,
}

#[derive(Debug)]
pub enum Optimizer {
    Sgd(Sgd),
}

pub struct Fit(Vec<String>);

impl Fit {
    pub fn new(model: &Model, _: &Objective, _: &Dataset) -> Self {
        Self(model.0.clone())
    }
    pub fn epochs(mut self, epochs: u64) -> Self {
        self.0.push(format!("epochs = {epochs}"));
        self
    }
    pub fn optimizer(mut self, optimizer: Optimizer) -> Self {
        self.0.push(format!("{optimizer:?}"));
        self
    }
    pub fn run(self) -> Result<Run> {
        Ok(Run(self.0))
    }
}

#[derive(Default)]
pub struct Comparison(pub Vec<String>);
pub struct Compare(Vec<String>);

impl Compare {
    pub fn all_folds(mut self) -> Self {
        self.0.push("all folds".into());
        self
    }
    pub fn seeds(mut self, seeds: u64) -> Self {
        self.0.push(format!("seeds = {seeds}"));
        self
    }
    pub fn run(self) -> Result<Comparison> {
        Ok(Comparison(self.0))
    }
}

pub mod __macro {
    use super::*;

    pub fn compare(_: &str, fit: Fit, models: Vec<(Option<&str>, Model)>) -> Result<Compare> {
        let labels = models.iter().map(|(label, _)| label.unwrap_or("its own").to_string());
        Ok(Compare(fit.0.into_iter().chain(labels).collect()))
    }

    pub enum Captured {
        Frame,
        Value(Value),
    }

    impl From<&DataFrame> for Captured {
        fn from(_: &DataFrame) -> Self {
            Self::Frame
        }
    }

    impl From<String> for Captured {
        fn from(text: String) -> Self {
            Self::Value(text.into())
        }
    }

    pub fn stub<T: Default>() -> T {
        T::default()
    }
    pub fn data(_: &str, _: Vec<Captured>) -> Result<Dataset> {
        Ok(Dataset)
    }
    pub fn model(_: &str, captures: Vec<Value>, _: &[Signature]) -> Result<Model> {
        Ok(Model(vec![format!("{} captured", captures.len())]))
    }
    pub fn objective(_: &str, _: &[Signature]) -> Result<Objective> {
        Ok(Objective)
    }
}
