//! Groups of parameters with their own rate and decay.

use super::Optimizer;
use crate::error::{OpsError, Result};
use serde::{Deserialize, Serialize};

const NAME: &str = "groups";

/// What a parameter is to its layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Role {
    /// The weight of a convolution, a linear layer or an attention.
    Weight,
    /// A bias.
    Bias,
    /// Gain or offset of a normalisation.
    Norm,
    /// A table, latents, positions.
    Embedding,
}

/// Parameters that are treated alike.
///
/// # Example
/// ```
/// use cistron_ops::{Group, Optimizer, Role, Rules};
/// let slow = Group { names: vec!["trunk".into()], rate: 0.1, ..Group::default() };
/// let rules = Rules { groups: vec![slow], no_decay: vec![Role::Bias] };
/// let all = [("trunk.conv.weight", Role::Weight), ("head.bias", Role::Bias)];
/// let settings = rules.resolve(&all, &Optimizer::default())?;
/// assert_eq!((settings[0].rate, settings[0].weight_decay), (0.1, None));
/// assert_eq!((settings[1].rate, settings[1].weight_decay), (1.0, Some(0.0)));
/// # Ok::<(), cistron_ops::OpsError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Names of parameters or layers (`trunk` means all of `trunk.`), or patterns in which `*` stands for any text.
    pub names: Vec<String>,
    /// Factor of the learning rate.
    pub rate: f64,
    /// Weight decay instead of the optimizer's.
    pub weight_decay: Option<f64>,
    /// Whether they stay as they are.
    pub frozen: bool,
}

impl Default for Group {
    fn default() -> Self {
        Self {
            names: Vec::new(),
            rate: 1.0,
            weight_decay: None,
            frozen: false,
        }
    }
}

/// What holds for one parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Factor of the learning rate.
    pub rate: f64,
    /// Weight decay instead of the optimizer's.
    pub weight_decay: Option<f64>,
    /// Whether it stays as it is.
    pub frozen: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rate: 1.0,
            weight_decay: None,
            frozen: false,
        }
    }
}

/// Groups, and what is never decayed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    /// A parameter belongs to the first group that names it; those that none names follow the optimizer's own settings.
    pub groups: Vec<Group>,
    /// Parameters of these roles are not decayed, whatever their group says.
    pub no_decay: Vec<Role>,
}

impl Rules {
    /// All numbers that make no sense with this optimizer, one sentence each.
    pub fn mistakes(&self, optimizer: &Optimizer) -> Vec<String> {
        let mut found = Vec::new();
        for (i, group) in self.groups.iter().enumerate() {
            let group_name = format!("group {} of `groups`", i + 1);
            if group.names.is_empty() {
                found.push(format!("{group_name} names no parameter"));
            }
            if !group.rate.is_finite() || group.rate < 0.0 {
                found.push(format!("`rate` of {group_name} is {}; expected 0 or more", group.rate));
            }
            if let Some(decay) = group.weight_decay {
                if !decay.is_finite() || decay < 0.0 {
                    found.push(format!("`weight_decay` of {group_name} is {decay}; expected 0 or more"));
                } else if decay > 0.0 && matches!(optimizer, Optimizer::KerasAdam(_)) {
                    found.push(format!("`weight_decay` of {group_name}: KerasAdam has no weight decay"));
                }
            }
        }
        found
    }

    /// What holds for each parameter, in the order given.
    ///
    /// # Errors
    /// Numbers that make no sense, a name that no parameter has, a group whose parameters all belong to earlier groups.
    pub fn resolve(&self, parameters: &[(&str, Role)], optimizer: &Optimizer) -> Result<Vec<Settings>> {
        let mistake = |what: String, found: String, expected: String| OpsError::Setting {
            operation: NAME,
            what,
            found,
            expected,
        };
        if let Some(first) = self.mistakes(optimizer).into_iter().next() {
            return Err(mistake("a group".into(), first, "groups that make sense".into()));
        }
        let mut owner = vec![None; parameters.len()];
        for (i, group) in self.groups.iter().enumerate() {
            let mut any = false;
            for name in &group.names {
                let mut known = false;
                for ((parameter, _), owner) in parameters.iter().zip(&mut owner) {
                    if matches(name, parameter) {
                        known = true;
                        any |= owner.is_none();
                        owner.get_or_insert(i);
                    }
                }
                if !known {
                    let names: Vec<&str> = parameters.iter().take(8).map(|p| p.0).collect();
                    return Err(mistake(
                        format!("a name of group {}", i + 1),
                        format!("`{name}`, which no parameter has"),
                        format!(
                            "a parameter, a layer, or a pattern with `*`: there are {}, ..",
                            names.join(", ")
                        ),
                    ));
                }
            }
            if !any {
                let found = "only parameters that earlier groups have".to_string();
                return Err(mistake(
                    format!("group {}", i + 1),
                    found,
                    "at least one of its own; the first group that names a parameter has it".into(),
                ));
            }
        }
        let settings = |((_, role), owner): (&(&str, Role), &Option<usize>)| {
            let mut settings = Settings::default();
            if let Some(group) = owner.map(|i| &self.groups[i]) {
                (settings.rate, settings.weight_decay, settings.frozen) = (group.rate, group.weight_decay, group.frozen);
            }
            if self.no_decay.contains(role) {
                settings.weight_decay = Some(0.0);
            }
            settings
        };
        Ok(parameters.iter().zip(&owner).map(settings).collect())
    }
}

/// Whether a name or pattern means a parameter.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let mut ends = None;
    for part in parts {
        ends = Some(part);
        // The shortest match of every part but the last, which must end the name.
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    match ends {
        None => rest.is_empty() || rest.starts_with('.'),
        Some("") => true,
        Some(last) => name.len() >= first.len() + last.len() && name.ends_with(last),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_layers_and_patterns_match() {
        for (pattern, name, fits) in [
            ("trunk", "trunk.conv.weight", true),
            ("trunk", "trunks.conv.weight", false),
            ("trunk.conv.weight", "trunk.conv.weight", true),
            ("*.bias", "trunk.conv.bias", true),
            ("*.bias", "trunk.bias.weight", false),
            ("trunk.*.weight", "trunk.conv.weight", true),
            ("trunk.*.weight", "head.conv.weight", false),
            ("*", "anything", true),
            ("*conv*", "trunk.conv.bias", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }

    #[test]
    fn groups_that_mean_nothing_are_mistakes() {
        let all = [("a.weight", Role::Weight), ("a.bias", Role::Bias)];
        let resolve = |groups: Vec<Group>| {
            Rules {
                groups,
                no_decay: vec![],
            }
            .resolve(&all, &Optimizer::default())
        };
        let group = |name: &str, rate| Group {
            names: vec![name.into()],
            rate,
            ..Group::default()
        };
        let message = resolve(vec![group("b", 1.0)]).unwrap_err().to_string();
        assert!(message.contains("`b`, which no parameter has"), "{message}");
        let message = resolve(vec![group("a", 0.5), group("*.bias", 1.0)]).unwrap_err().to_string();
        assert!(
            message.contains("group 2 is only parameters that earlier groups have"),
            "{message}"
        );
        let message = resolve(vec![group("a", -1.0)]).unwrap_err().to_string();
        assert!(
            message.contains("`rate` of group 1 of `groups` is -1; expected 0 or more"),
            "{message}"
        );
        let both = resolve(vec![group("*.bias", 0.0), group("a", 2.0)]).expect("settings");
        assert_eq!((both[0].rate, both[1].rate), (2.0, 0.0));
    }
}
