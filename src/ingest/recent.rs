//! Remembers what was used lately, within so many bytes.

use std::borrow::Borrow;
use std::hash::Hash;

use foldhash::{HashMap, HashMapExt};

/// Two generations: when the young one is full it becomes the old one, and what is asked for is young again. So what is
/// used stays, and the rest is forgotten when as much else has come: `forget` is given what is.
pub struct Recent<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    /// Of the young one, in bytes.
    weight: usize,
    /// Of one generation, in bytes.
    most: usize,
    weigh: fn(&K) -> usize,
}

impl<K: Eq + Hash, V: Clone> Recent<K, V> {
    /// `most` bytes in each generation; `weigh` says what an entry takes.
    pub fn new(most: usize, weigh: fn(&K) -> usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), weight: 0, most, weigh }
    }

    pub fn get<Q: Eq + Hash + ?Sized>(&mut self, key: &Q, forget: impl FnOnce(HashMap<K, V>)) -> Option<V>
    where
        K: Borrow<Q>,
    {
        if let Some(value) = self.young.get(key) {
            return Some(value.clone());
        }
        let (key, value) = self.old.remove_entry(key)?;
        self.insert(key, value.clone(), forget);
        Some(value)
    }

    pub fn insert(&mut self, key: K, value: V, forget: impl FnOnce(HashMap<K, V>)) {
        if self.weight >= self.most {
            forget(std::mem::replace(&mut self.old, std::mem::take(&mut self.young)));
            self.weight = 0;
        }
        self.weight += (self.weigh)(&key);
        self.young.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn what_is_asked_for_stays_and_of_the_rest_is_told_that_it_goes() {
        let mut recent = Recent::new(100, |_| 10);
        let mut forgotten = BTreeSet::new();
        for key in 0..100 {
            recent.insert(key, key * 2, |gone| forgotten.extend(gone));
            assert_eq!(recent.get(&0, |gone| forgotten.extend(gone)), Some(0), "{key}");
        }
        assert!(recent.young.len() + recent.old.len() <= 20);
        for key in 0..100 {
            let known = recent.young.contains_key(&key) || recent.old.contains_key(&key);
            assert_ne!(known, forgotten.contains(&(key, key * 2)), "{key}");
        }
    }
}
