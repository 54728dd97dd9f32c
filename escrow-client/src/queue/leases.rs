//! Workers of this process, so that a signal can give back what they have claimed: nothing else runs when it is interrupted.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::worker::Desk;

static WORKING: Mutex<Vec<Arc<Desk>>> = Mutex::new(vec![]);

/// How long a process that ends may wait for the database; what it does not give back expires.
const FAREWELL: Duration = Duration::from_secs(3);

/// A worker is known for as long as this lives.
#[derive(Debug)]
pub(super) struct Working(Arc<Desk>);

impl Working {
    pub(super) fn begin(desk: &Arc<Desk>) -> Self {
        lock().push(Arc::clone(desk));
        Self(Arc::clone(desk))
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        lock().retain(|desk| !Arc::ptr_eq(desk, &self.0));
    }
}

/// Stops every worker of this process and gives back what it has claimed, so that others need not wait for leases to end.
pub async fn give_back() {
    let working = lock().clone();
    let all = async {
        for desk in working {
            // A lease that cannot be given back expires.
            let _ = desk.close().await;
        }
    };
    let _ = tokio::time::timeout(FAREWELL, all).await;
}

fn lock() -> MutexGuard<'static, Vec<Arc<Desk>>> {
    WORKING.lock().unwrap_or_else(PoisonError::into_inner)
}
