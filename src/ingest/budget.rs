//! Memory for what is on its way between the threads: who hands something on takes a share for it first, and the share
//! comes back when nobody has it any more.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// So many bytes for all that is on its way together.
#[derive(Debug, Clone)]
pub struct Budget(Arc<Account>);

#[derive(Debug)]
struct Account {
    whole: usize,
    taken: Mutex<usize>,
    given_back: Condvar,
}

impl Account {
    fn taken(&self) -> MutexGuard<'_, usize> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Budget {
    pub fn new(bytes: usize) -> Self {
        Self(Arc::new(Account { whole: bytes, taken: Mutex::new(0), given_back: Condvar::new() }))
    }

    /// Waits until there is room for so many bytes. What is more than the whole goes alone.
    pub fn take(&self, bytes: usize) -> Share {
        let account = &self.0;
        let mut taken = account.taken();
        while *taken > 0 && taken.saturating_add(bytes) > account.whole {
            taken = account.given_back.wait(taken).unwrap_or_else(PoisonError::into_inner);
        }
        *taken = taken.saturating_add(bytes);
        Share { account: Arc::clone(account), bytes }
    }
}

/// A part of a budget, until it is dropped.
#[derive(Debug)]
pub struct Share {
    account: Arc<Account>,
    bytes: usize,
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.account.taken();
        *taken = taken.saturating_sub(self.bytes);
        drop(taken);
        self.account.given_back.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn who_comes_when_it_is_spent_waits_for_what_comes_back() {
        let budget = Budget::new(10);
        let (first, second) = (budget.take(6), budget.take(4));
        let (sender, received) = channel();
        let other = budget.clone();
        let waiting = std::thread::spawn(move || {
            let share = other.take(5);
            sender.send(()).unwrap();
            share
        });
        drop(second);
        assert!(received.try_recv().is_err(), "four bytes are no room for five");
        drop(first);
        received.recv().unwrap();
        drop(waiting.join().unwrap());
        assert_eq!(*budget.0.taken(), 0);
    }

    #[test]
    fn what_is_more_than_the_whole_goes_alone() {
        let budget = Budget::new(10);
        let share = budget.take(1_000);
        assert_eq!(*budget.0.taken(), 1_000);
        drop(share);
        drop(budget.take(10));
        assert_eq!(*budget.0.taken(), 0);
    }
}
