//! Chains of steps as boxes of a few lines, so that a deep network still reads.

use super::group::Group;
use crate::shape::show_axes;
use crate::{Graph, NodeId, Operation};
use std::collections::HashMap;

/// The most characters on a line that several steps share.
const LINE: usize = 40;
/// The most lines of a box; a longer chain goes on in the next box.
const LINES: usize = 14;

/// What a box stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    Input,
    Output,
    Layers,
    Sign,
}

/// Lines, and how often they follow each other.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stanza {
    pub(crate) lines: Vec<String>,
    pub(crate) times: usize,
    /// The node that gives its result.
    pub(crate) exit: NodeId,
}

/// A box.
#[derive(Clone, Debug)]
pub(crate) struct Card {
    pub(crate) look: Look,
    pub(crate) title: String,
    pub(crate) stanzas: Vec<Stanza>,
    /// Which set of shared weights it uses.
    pub(crate) shared: Option<usize>,
    /// The shape of what it gives, for its arrows.
    pub(crate) gives: String,
}

/// Boxes and arrows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Folded {
    pub(crate) cards: Vec<Card>,
    pub(crate) arrows: Vec<(usize, usize)>,
}

/// Folds the steps.
pub(crate) fn fold(groups: &[Group], graph: &Graph) -> Folded {
    let mut readers = vec![0; groups.len()];
    let mut users = vec![0; graph.parameters.len()];
    for group in groups.iter().filter(|g| g.live) {
        group.inputs.iter().for_each(|i| readers[*i] += 1);
        group.parameters.iter().for_each(|p| users[*p] += 1);
    }
    for (_, node) in &graph.outputs {
        readers[*node] += 1;
    }
    let chains = chains(groups, graph, &readers);
    let mut folded = Folded::default();
    let mut shared_sets: HashMap<usize, usize> = HashMap::new();
    // The box in which a chain begins and the one in which it ends.
    let mut ends: Vec<(usize, usize)> = Vec::new();
    let mut chain_of = vec![0; groups.len()];
    for (c, chain) in chains.iter().enumerate() {
        chain.iter().for_each(|g| chain_of[*g] = c);
        let first = &groups[chain[0]];
        let common = chain.iter().flat_map(|g| &groups[*g].parameters).find(|p| users[**p] > 1);
        let sets = shared_sets.len();
        let shared = common.map(|p| *shared_sets.entry(*p).or_insert(sets));
        let look = match (&graph.nodes[first.exit].operation, first.sign) {
            (Operation::Input { .. }, _) => Look::Input,
            (_, Some(_)) => Look::Sign,
            _ => Look::Layers,
        };
        let pieces = match look {
            Look::Input => vec![vec![once(graph.nodes[first.exit].name.clone(), first.exit)]],
            Look::Sign => vec![vec![once(first.sign.unwrap_or_default().to_string(), first.exit)]],
            _ => split(repeats(&lines(chain, groups))),
        };
        let begin = folded.cards.len();
        for (i, stanzas) in pieces.into_iter().enumerate() {
            let gives = stanzas
                .last()
                .map_or_else(String::new, |s| show_axes(&graph.nodes[s.exit].axes));
            let title = match (look, i) {
                (Look::Layers, 0) => title(&first.block, shared.is_some()),
                (Look::Layers, _) => "continued".into(),
                _ => String::new(),
            };
            if i > 0 {
                folded.arrows.push((begin + i - 1, begin + i));
            }
            folded.cards.push(Card {
                look,
                title,
                stanzas,
                shared,
                gives,
            });
        }
        ends.push((begin, folded.cards.len() - 1));
    }
    for (c, chain) in chains.iter().enumerate() {
        for input in &groups[chain[0]].inputs {
            folded.arrows.push((ends[chain_of[*input]].1, ends[c].0));
        }
    }
    for (name, node) in &graph.outputs {
        let stanzas = vec![once(name.clone(), *node)];
        folded.arrows.push((ends[chain_of[*node]].1, folded.cards.len()));
        folded.cards.push(Card {
            look: Look::Output,
            title: String::new(),
            stanzas,
            shared: None,
            gives: String::new(),
        });
    }
    folded
}

fn once(line: String, exit: NodeId) -> Stanza {
    Stanza {
        lines: vec![line],
        times: 1,
        exit,
    }
}

fn title(block: &str, shared: bool) -> String {
    match (block, shared) {
        ("", true) => "shared weights".into(),
        (block, true) => format!("{block} (shared weights)"),
        (block, false) => block.into(),
    }
}

/// Steps that follow each other without a branch, inside one block.
fn chains(groups: &[Group], graph: &Graph, readers: &[usize]) -> Vec<Vec<usize>> {
    let mut chains: Vec<Vec<usize>> = Vec::new();
    let mut place: HashMap<usize, usize> = HashMap::new();
    let input = |g: &Group| matches!(graph.nodes[g.exit].operation, Operation::Input { .. });
    for (i, group) in groups.iter().enumerate().filter(|(_, g)| g.live) {
        let before = match group.inputs.as_slice() {
            [one] if readers[*one] == 1 && group.sign.is_none() => Some(*one),
            _ => None,
        };
        let joins = before.filter(|b| {
            let b = &groups[*b];
            !input(b) && b.sign.is_none() && b.block == group.block
        });
        match joins.and_then(|b| place.get(&b).copied()) {
            Some(chain) => {
                chains[chain].push(i);
                place.insert(i, chain);
            }
            None => {
                chains.push(vec![i]);
                place.insert(i, chains.len() - 1);
            }
        }
    }
    chains
}

/// One line per step with its last node; light steps share the line of the one before.
fn lines(chain: &[usize], groups: &[Group]) -> Vec<(String, NodeId)> {
    let mut lines: Vec<(String, NodeId)> = Vec::new();
    for group in chain.iter().map(|g| &groups[*g]) {
        let length = group.text.chars().count() + 3;
        match lines.last_mut() {
            Some((line, exit)) if group.light && line.chars().count() + length <= LINE => {
                line.push_str(&format!(" \u{b7} {}", group.text));
                *exit = group.exit;
            }
            _ => lines.push((group.text.clone(), group.exit)),
        }
    }
    lines
}

/// Lines that repeat, folded: of all periods the one that covers most.
fn repeats(lines: &[(String, NodeId)]) -> Vec<Stanza> {
    let mut stanzas: Vec<Stanza> = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let rest = &lines[at..];
        let same = |a: &[(String, NodeId)], b: &[(String, NodeId)]| a.iter().zip(b).all(|(a, b)| a.0 == b.0);
        let times = |period: usize| rest.chunks_exact(period).take_while(|c| same(c, &rest[..period])).count();
        let periods = (1..=(rest.len() / 2).min(12)).map(|p| (p, times(p))).filter(|(_, t)| *t > 1);
        let (period, times) = periods.max_by_key(|(p, t)| (p * t, usize::MAX - p)).unwrap_or((1, 1));
        let exit = rest[period * times - 1].1;
        stanzas.push(Stanza {
            lines: rest[..period].iter().map(|l| l.0.clone()).collect(),
            times,
            exit,
        });
        at += period * times;
    }
    stanzas
}

/// Boxes of a bounded number of lines.
fn split(stanzas: Vec<Stanza>) -> Vec<Vec<Stanza>> {
    let total: usize = stanzas.iter().map(|s| s.lines.len()).sum();
    let pieces = total.div_ceil(LINES).max(1);
    let most = total.div_ceil(pieces);
    let mut boxes: Vec<Vec<Stanza>> = vec![Vec::new()];
    let mut filled = 0;
    for stanza in stanzas {
        if filled > 0 && filled + stanza.lines.len() > most.max(stanza.lines.len()) {
            boxes.push(Vec::new());
            filled = 0;
        }
        filled += stanza.lines.len();
        if let Some(last) = boxes.last_mut() {
            last.push(stanza);
        }
    }
    boxes
}
