//! Sending a request again, where its reply never began or the server was busy.

use std::future::Future;
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use tokio::time::sleep;

use super::converse::Spent;
use super::line::{Failed, Line};
use crate::config::NextTry;
use crate::error::Error;

/// The longest that a server may have us wait: whoever wants more is told the error.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Sends a request with `send`: again, where the reply never began or the server was busy. Each time is
/// counted. An error that a look at the server makes better is made so. `hooked` says whether the program
/// hears of it.
pub(super) async fn repeatedly<T, F>(
    line: &Line,
    spent: &mut Spent,
    hooked: bool,
    send: impl Fn() -> F,
) -> Result<T, Error>
where
    F: Future<Output = Result<T, Failed>>,
{
    let mut own = 0;
    loop {
        own += 1;
        spent.sends += 1;
        let Failed { error, retry_after } = match send().await {
            Ok(reply) => return Ok(reply),
            Err(failed) => failed,
        };
        let pause = pause(&error, own, retry_after).filter(|pause| line.deadline().allows(*pause));
        let Some(pause) = pause else {
            return Err(spent.told(Box::pin(line.explained(error)).await));
        };
        tracing::debug!(sends = own, error.r#type = ?error.kind(), ?pause, "sending again");
        if hooked {
            line.settings().tell(&NextTry {
                command: line.command(),
                attempt: spent.attempts + 1,
                send: own + 1,
                pause,
                error: &line.named(spent.told(error)),
            });
        }
        Box::pin(sleep(pause)).await;
    }
}

/// How long to wait before a request is sent once more, after `sends` of it ended in `error`; `None`
/// where it is not to be sent again.
fn pause(error: &Error, sends: u32, retry_after: Option<Duration>) -> Option<Duration> {
    if sends >= error.most_sends(retry_after.is_some()) {
        return None;
    }
    let pause = backoff(sends, RandomState::new().hash_one(sends));
    match retry_after {
        None => Some(pause),
        Some(wait) if wait <= LONGEST_WAIT => Some(wait.max(pause)),
        Some(_) => None,
    }
}

/// A quarter of a second, twice as long each time; half of it is left to `chance`, so that many clients
/// do not come back at once.
fn backoff(sends: u32, chance: u64) -> Duration {
    let longest = 250_u64 << sends.clamp(1, 8).saturating_sub(1);
    Duration::from_millis(longest / 2 + chance % (longest / 2 + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Detail;

    fn busy(status: u16) -> Error {
        Error::new(Detail::Overloaded {
            status,
            text: String::new(),
        })
    }

    // E2
    #[test]
    fn a_pause_doubles_and_leaves_half_to_chance() {
        let millis = |sends, chance| backoff(sends, chance).as_millis();
        assert_eq!((millis(1, 0), millis(1, 125)), (125, 250));
        assert_eq!((millis(2, 0), millis(2, 250)), (250, 500));
        assert!(millis(u32::MAX, u64::MAX) <= 32_000);
    }

    // E2
    #[test]
    fn a_server_says_when_to_come_back_within_reason() {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(pause(&busy(503), 1, seconds(7)), seconds(7));
        assert_eq!(pause(&busy(503), 1, seconds(3600)), None);
        assert!(pause(&busy(503), 1, seconds(0)) >= Some(Duration::from_millis(125)));
        assert!(pause(&busy(503), 2, None).is_some());
        assert_eq!(pause(&busy(503), 3, None), None);
        assert_eq!(pause(&busy(429), 1, None), None);
        assert_eq!(pause(&busy(429), 1, seconds(1)), seconds(1));
    }
}
