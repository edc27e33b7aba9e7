//! What a click on checkboxes means: the difference between what that person saw and what they chose, and never
//! another state.

use crate::card::{ItemLine, Shown};

/// A block of checkboxes as its id carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boxes {
    pub deployment: u64,
    /// Tells it from the other blocks of its message.
    pub place: usize,
    /// Tells it from what it was before: a client that has seen an id keeps what was chosen in it.
    pub drawn: i64,
    /// The numbers of the items that were shown ticked.
    pub ticked: Vec<String>,
}

impl Boxes {
    /// The deployment an item belongs to, if its first button ticks or unticks it: `#12 tick 3.2`.
    pub fn deployment(item: &ItemLine) -> Option<u64> {
        let mut said = item.buttons.first()?.command.split(' ');
        let deployment = said.next()?.strip_prefix('#')?.parse().ok()?;
        let ticks = matches!(said.next(), Some("tick" | "untick"));
        (ticks && said.next() == Some(&*item.number.to_string()) && said.next().is_none()).then_some(deployment)
    }

    /// The block these items make.
    pub fn of(items: &[&ItemLine], place: usize, drawn: i64) -> Self {
        Self {
            deployment: items.first().and_then(|i| Self::deployment(i)).unwrap_or_default(),
            place,
            drawn,
            ticked: items.iter().filter(|i| i.state == Shown::Ticked).map(|i| i.number.to_string()).collect(),
        }
    }

    /// `items:12:4:1795735193000:3.1,3.4`.
    pub fn to_id(&self) -> String {
        format!("items:{}:{}:{}:{}", self.deployment, self.place, self.drawn, self.ticked.join(","))
    }

    /// The block of that id.
    pub fn from_id(id: &str) -> Option<Self> {
        let mut parts = id.strip_prefix("items:")?.splitn(4, ':');
        Some(Self {
            deployment: parts.next()?.parse().ok()?,
            place: parts.next()?.parse().ok()?,
            drawn: parts.next()?.parse().ok()?,
            ticked: parts.next()?.split(',').filter(|n| !n.is_empty()).map(str::to_owned).collect(),
        })
    }

    /// The words a click says, given what was chosen in the end; at most two: what was ticked, what was unticked.
    pub fn words(&self, chosen: &[String]) -> Vec<String> {
        let ticked: Vec<&str> = chosen.iter().filter(|n| !self.ticked.contains(n)).map(String::as_str).collect();
        let taken: Vec<&str> = self.ticked.iter().filter(|n| !chosen.contains(n)).map(String::as_str).collect();
        [("tick", ticked), ("untick", taken)]
            .into_iter()
            .filter(|(_, numbers)| !numbers.is_empty())
            .map(|(word, numbers)| format!("#{} {word} {}", self.deployment, numbers.join(" ")))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_click_is_the_difference() {
        let seen = Boxes { deployment: 12, place: 3, drawn: 7, ticked: vec!["3.1".into(), "3.4".into()] };
        assert_eq!(Boxes::from_id(&seen.to_id()), Some(seen.clone()));
        let words = |chosen: &[&str]| seen.words(&chosen.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>());
        assert_eq!(words(&["3.1", "3.4"]), Vec::<String>::new());
        assert_eq!(words(&["3.1", "3.4", "3.2"]), ["#12 tick 3.2"]);
        assert_eq!(words(&["3.4"]), ["#12 untick 3.1"]);
        assert_eq!(words(&["3.2", "3.3"]), ["#12 tick 3.2 3.3", "#12 untick 3.1 3.4"]);
        let none = Boxes { ticked: Vec::new(), ..seen };
        assert_eq!(Boxes::from_id("items:12:3:7:"), Some(none));
        for other in ["", "items:", "items:x:1:1:", "items:12:3:", "items:1", "key:12/board"] {
            assert_eq!(Boxes::from_id(other), None, "{other}");
        }
    }
}
