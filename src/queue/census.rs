//! Counting references for several jobs at once: a walk through a class serves whoever asked before it began.

use std::sync::{Mutex, PoisonError};

use tokio::sync::{Mutex as Turn, oneshot};

use crate::assets::place::Place;
use crate::assets::reference::AssetSet;
use crate::cloudinary::asset_name::AssetName;
use crate::parse::rest::{MasterClient, RestError};

use super::parse_rows::held;

type Answer = Result<bool, RestError>;

/// Who waits for a walk, and whose turn it is to walk.
#[derive(Debug, Default)]
pub(super) struct Census {
    waiting: Mutex<Vec<(AssetName, oneshot::Sender<Answer>)>>,
    turn: Turn<()>,
}

impl Census {
    /// Whether any of `places` holds `asset`, asked after this call.
    pub(super) async fn holds(
        &self,
        parse: &MasterClient,
        places: &[Place],
        asset: &AssetName,
    ) -> Answer {
        let (many, single): (Vec<_>, Vec<_>) = places.iter().partition(|place| place.many);
        let one = AssetSet::from_iter([asset.clone()]);
        for place in single {
            if !held(parse, place, &one).await?.is_empty() {
                return Ok(true);
            }
        }
        if many.is_empty() {
            return Ok(false);
        }
        loop {
            let (send, mut answer) = oneshot::channel();
            self.waiting().push((asset.clone(), send));
            let _turn = self.turn.lock().await;
            match answer.try_recv() {
                Ok(answer) => return answer,
                Err(oneshot::error::TryRecvError::Empty) => {
                    self.walk(parse, &many).await;
                }
                // Whoever walked for us has been stopped in the middle.
                Err(oneshot::error::TryRecvError::Closed) => {}
            }
            if let Ok(answer) = answer.try_recv() {
                return answer;
            }
        }
    }

    async fn walk(&self, parse: &MasterClient, places: &[&Place]) {
        let batch = std::mem::take(&mut *self.waiting());
        let mut open: AssetSet = batch.iter().map(|(asset, _)| asset.clone()).collect();
        let mut found = AssetSet::default();
        let mut result = Ok(());
        for place in places {
            match held(parse, place, &open).await {
                Ok(held) => {
                    for asset in held.iter() {
                        open.remove(asset);
                        found.insert(asset.clone());
                    }
                }
                Err(error) => {
                    result = Err(error);
                    break;
                }
            }
        }
        for (asset, answer) in batch {
            let held = found.contains(&asset);
            // Err: whoever asked has been stopped.
            let _ = answer.send(if held {
                Ok(true)
            } else {
                result.clone().map(|()| false)
            });
        }
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<(AssetName, oneshot::Sender<Answer>)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
