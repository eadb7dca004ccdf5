//! The engine's events, for the interface.

use mailroom_wire::Event;
use tauri::{AppHandle, Emitter, Runtime};
use tokio::sync::broadcast::{Receiver, error::RecvError};

/// The channel's name.
const CHANNEL: &str = "engine";

/// Tells the window everything that the engine tells, until the engine ends.
pub(crate) async fn forward<R: Runtime>(app: AppHandle<R>, mut events: Receiver<Event>) {
    loop {
        match events.recv().await {
            Ok(event) => {
                if let Err(error) = app.emit(CHANNEL, event) {
                    tracing::warn!(%error, "an event did not reach the window");
                }
            }
            // Missed events are made up for by those that follow: each says how things are now.
            Err(RecvError::Lagged(missed)) => tracing::info!(missed, "the window lags behind"),
            Err(RecvError::Closed) => return,
        }
    }
}
