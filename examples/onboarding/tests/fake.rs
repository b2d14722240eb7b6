//! Tests with a fake: the answers are valid and made up, for code that must work with any of them.

use alloy_onboarding::onboard;
use alloy_runtime::testing::Fake;

#[tokio::test]
async fn any_user_is_welcomed() {
    for seed in 0..20 {
        let (user, sentence) = Fake::new()
            .seed(seed)
            .run(onboard("I am Jason, 25."))
            .await
            .expect("onboarded");
        assert!(!user.name.is_empty(), "{seed}");
        assert!(sentence.ends_with('.'), "{seed}: {sentence}");
    }
}

// The values follow from the seed and the request, so that a test that failed fails again.
#[tokio::test]
async fn the_same_seed_makes_up_the_same_user() {
    let onboarded = async |seed, letter| {
        let fake = Fake::new().seed(seed);
        fake.run(onboard(letter)).await.expect("onboarded")
    };
    let first = onboarded(7, "I am Jason, 25.").await;
    assert_eq!(first, onboarded(7, "I am Jason, 25.").await);
    assert_ne!(first, onboarded(8, "I am Jason, 25.").await);
    assert_ne!(first, onboarded(7, "I am Ann, 31.").await);
}
