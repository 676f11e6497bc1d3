//! Worker threads that answer questions while the screen stays live.
//!
//! At most one question a topic waits: a newer one replaces it, and interrupts the one that runs. Only the saving of
//! work is never interrupted: the newer waits until the older is done, as a store has one writer, and the last word is
//! what is to stay. Each carries an epoch; whoever asked drops answers of an older one. Knows nothing of what is asked.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use crossbeam_channel::Sender;

use super::input::Input;
use super::source::{Answer, Question, Source, Stop, Topic, Trouble};

/// A question on its way.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    pub epoch: u64,
    pub question: Question,
}

/// An answer on its way back.
#[derive(Debug, PartialEq)]
pub struct Report {
    pub topic: Topic,
    pub epoch: u64,
    pub answer: Result<Answer, Trouble>,
}

struct Running {
    topic: Topic,
    stop: Stop,
    interrupt: Arc<dyn Fn() + Send + Sync>,
}

impl Running {
    fn end(&self) {
        self.stop.raise();
        (self.interrupt)();
    }
}

#[derive(Default)]
struct Queue {
    waiting: BTreeMap<Topic, Ask>,
    /// By worker.
    running: BTreeMap<usize, Running>,
    closed: bool,
}

struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The workers. Dropping it ends what they do.
pub struct Jobs {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Jobs {
    /// Starts one worker a source; each owns its source and the connection in it.
    pub fn start(sources: Vec<Box<dyn Source>>, inputs: &Sender<Input>) -> std::io::Result<Self> {
        let shared = Arc::new(Shared { queue: Mutex::new(Queue::default()), changed: Condvar::new() });
        // What a person waits for at the cursor must not wait for minutes of work in the background.
        let has_reserve = sources.len() > 1;
        let mut jobs = Self { shared, threads: Vec::new() };
        for (worker, source) in sources.into_iter().enumerate() {
            let is_reserved = has_reserve && worker == 0;
            let (shared, inputs) = (Arc::clone(&jobs.shared), inputs.clone());
            let thread = thread::Builder::new()
                .name(format!("worker-{worker}"))
                .spawn(move || work(worker, is_reserved, source, &shared, &inputs))?;
            jobs.threads.push(thread);
        }
        Ok(jobs)
    }

    /// Ends what they do, and waits until they have closed the store and said the last they had to say.
    pub fn end(mut self) {
        self.close();
        for thread in std::mem::take(&mut self.threads) {
            // A worker reports its own faults.
            let _ = thread.join();
        }
    }

    fn close(&self) {
        self.shared.queue().closed = true;
        self.cancel();
        self.shared.changed.notify_all();
    }

    pub fn submit(&self, ask: Ask) {
        let mut queue = self.shared.queue();
        let topic = ask.question.topic();
        // Under the lock, so that a worker cannot have gone on to another topic when it is interrupted.
        let older = queue.running.values().filter(|running| running.topic == topic && topic != Topic::Save);
        older.for_each(Running::end);
        queue.waiting.insert(topic, ask);
        drop(queue);
        // Not every worker takes every topic.
        self.shared.changed.notify_all();
    }

    /// Ends everything that runs and waits but the saving of work. What ran is reported as cancelled, what waited
    /// is not reported.
    pub fn cancel(&self) {
        let mut queue = self.shared.queue();
        queue.waiting.retain(|topic, _| *topic == Topic::Save);
        queue.running.values().filter(|running| running.topic != Topic::Save).for_each(Running::end);
    }
}

impl Drop for Jobs {
    fn drop(&mut self) {
        self.close();
    }
}

fn work(worker: usize, is_reserved: bool, mut source: Box<dyn Source>, shared: &Shared, inputs: &Sender<Input>) {
    let interrupt: Arc<dyn Fn() + Send + Sync> = Arc::from(source.interrupter());
    loop {
        let mut queue = shared.queue();
        let ask = loop {
            if queue.closed {
                return;
            }
            let is_saving = queue.running.values().any(|running| running.topic == Topic::Save);
            let next = queue
                .waiting
                .keys()
                .copied()
                .find(|topic| !(is_reserved && topic.is_slow() || is_saving && *topic == Topic::Save));
            if let Some(ask) = next.and_then(|topic| queue.waiting.remove(&topic)) {
                break ask;
            }
            queue = shared.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        };
        let topic = ask.question.topic();
        let stop = Stop::default();
        queue.running.insert(worker, Running { topic, stop: stop.clone(), interrupt: Arc::clone(&interrupt) });
        drop(queue);
        let answer = catch_unwind(AssertUnwindSafe(|| source.answer(&ask.question, &stop)))
            .unwrap_or_else(|panic| Err(Trouble::Failed(panic_text(panic.as_ref()))));
        let answer = if stop.is_raised() { Err(Trouble::Cancelled) } else { answer };
        let report = Report { topic, epoch: ask.epoch, answer };
        // Before another worker may take the topic, so that the reports of savings come in the order of the savings.
        let is_heard = inputs.send(Input::Report(Box::new(report))).is_ok();
        shared.queue().running.remove(&worker);
        if topic == Topic::Save {
            // A newer saving may wait for this one, and the worker that saw it first sleeps.
            shared.changed.notify_all();
        }
        if !is_heard {
            return;
        }
    }
}

/// What a fault says of itself.
pub fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    format!("a fault in whippet itself, please report it: {}", text.unwrap_or("no details"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam_channel::{Receiver, unbounded};

    /// Waits in each `Forest` question until it is interrupted; a fault in `Indicators`; answers the rest at once.
    struct Slow {
        started: Sender<()>,
        interrupt: (Sender<()>, Receiver<()>),
    }

    impl Source for Slow {
        fn answer(&mut self, question: &Question, _stop: &Stop) -> Result<Answer, Trouble> {
            match question {
                Question::Forest(_) => {
                    // As with SQLite, an interrupt ends only what runs when it comes.
                    while self.interrupt.1.try_recv().is_ok() {}
                    self.started.send(()).unwrap();
                    self.interrupt.1.recv().unwrap();
                    Err(Trouble::Failed("interrupted".to_owned()))
                }
                Question::Indicators(_) => panic!("a fault"),
                _ => Ok(Answer::Saved),
            }
        }

        fn interrupter(&self) -> Box<dyn Fn() + Send + Sync> {
            let sender = self.interrupt.0.clone();
            Box::new(move || {
                let _ = sender.send(());
            })
        }
    }

    fn start() -> (Jobs, Receiver<()>, Receiver<Input>) {
        let (started, has_started) = unbounded();
        let (inputs, received) = unbounded();
        let jobs = Jobs::start(vec![Box::new(Slow { started, interrupt: unbounded() })], &inputs).unwrap();
        (jobs, has_started, received)
    }

    fn report(received: &Receiver<Input>) -> Report {
        match received.recv().unwrap() {
            Input::Report(report) => *report,
            other => panic!("{other:?}"),
        }
    }

    fn ask(epoch: u64, question: Question) -> Ask {
        Ask { epoch, question }
    }

    #[test]
    fn a_newer_question_interrupts_the_older_of_its_topic() {
        let (jobs, started, received) = start();
        jobs.submit(ask(1, Question::Forest(Vec::new())));
        started.recv().unwrap();
        jobs.submit(ask(2, Question::Forest(Vec::new())));
        jobs.submit(ask(3, Question::Forest(Vec::new())));
        assert_eq!(report(&received), Report { topic: Topic::Forest, epoch: 1, answer: Err(Trouble::Cancelled) });
        started.recv().unwrap();
        jobs.cancel();
        let last = report(&received);
        assert_eq!(last.answer, Err(Trouble::Cancelled));
        // The third replaced the second wherever the second had not started.
        assert!(last.epoch == 3 || (last.epoch == 2 && report(&received).epoch == 3));
    }

    /// Says when a saving begins, and ends it when it is let.
    struct Saver {
        began: Sender<()>,
        let_end: Receiver<()>,
    }

    impl Source for Saver {
        fn answer(&mut self, _question: &Question, _stop: &Stop) -> Result<Answer, Trouble> {
            self.began.send(()).unwrap();
            self.let_end.recv().unwrap();
            Ok(Answer::Saved)
        }

        fn interrupter(&self) -> Box<dyn Fn() + Send + Sync> {
            Box::new(|| panic!("a saving was interrupted"))
        }
    }

    #[test]
    fn savings_follow_each_other_and_none_is_interrupted() {
        let (began, has_begun) = unbounded();
        let (end, let_end) = unbounded();
        let (inputs, received) = unbounded();
        let saver = || Box::new(Saver { began: began.clone(), let_end: let_end.clone() }) as Box<dyn Source>;
        let jobs = Jobs::start(vec![saver(), saver(), saver()], &inputs).unwrap();
        let kept = crate::console::source::Kept { switches: Default::default(), session: Default::default() };
        let save = |epoch| ask(epoch, Question::Save(Box::new(kept.clone())));
        jobs.submit(save(1));
        has_begun.recv().unwrap();
        jobs.submit(save(2));
        jobs.submit(save(3));
        jobs.cancel();
        // Another topic is taken meanwhile: so the other workers have seen what waits.
        jobs.submit(ask(4, Question::Tables));
        has_begun.recv().unwrap();
        assert!(has_begun.is_empty());
        (0..3).for_each(|_| end.send(()).unwrap());
        let done: Vec<u64> = (0..3).map(|_| report(&received).epoch).collect();
        let place = |epoch| done.iter().position(|done| *done == epoch).unwrap();
        assert!(place(1) < place(3) && done.contains(&4), "{done:?}");
    }

    #[test]
    fn a_fault_in_a_worker_is_reported_and_the_worker_goes_on() {
        let (jobs, _started, received) = start();
        jobs.submit(ask(1, Question::Indicators(crate::console::source::Settings::default())));
        assert!(matches!(report(&received).answer, Err(Trouble::Failed(text)) if text.contains("a fault")));
        jobs.submit(ask(2, Question::Overview));
        assert_eq!(report(&received), Report { topic: Topic::Overview, epoch: 2, answer: Ok(Answer::Saved) });
    }
}
