//! Work that goes on for as long as a server runs.

use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A task that is told to end, and is cut when this is dropped.
pub(super) struct Background {
    what: &'static str,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Background {
    /// Starts it. The receiver says when it is to end; the sender's end means the same.
    pub(super) fn start<F: Future<Output = ()> + Send + 'static>(
        what: &'static str,
        run: impl FnOnce(watch::Receiver<bool>) -> F,
    ) -> Self {
        let (stop, stopped) = watch::channel(false);
        Self { what, stop, task: tokio::spawn(run(stopped)) }
    }

    /// Tells it to end and waits until it has.
    pub(super) async fn stop(mut self) {
        self.stop.send_replace(true);
        if let Err(error) = (&mut self.task).await {
            tracing::error!(what = self.what, %error, "background work ended badly");
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.task.abort();
    }
}
