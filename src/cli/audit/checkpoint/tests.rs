use super::*;
use crate::cloudinary::identifier::{DeliveryType, ResourceType};

fn asset(public_id: &str) -> Orphan {
    Orphan {
        resource_type: "image".into(),
        delivery_type: "upload".into(),
        public_id: public_id.into(),
        bytes: Some(1),
        uploaded_at: None,
    }
}

fn key(public_id: &str) -> AssetKey {
    AssetKey::of((ResourceType::Image, DeliveryType::Upload), public_id)
}

fn orphans(checkpoint: &Checkpoint) -> Vec<String> {
    let mut orphans = Vec::new();
    let found = checkpoint.unreferenced(|asset| {
        orphans.push(asset.public_id.clone());
        Ok(())
    });
    found.unwrap();
    orphans
}

#[test]
fn takes_up_what_was_saved_and_drops_what_was_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut checkpoint = Checkpoint::open(folder.path(), "x").unwrap();
    checkpoint.add_key(key("a")).unwrap();
    checkpoint.add_asset(&asset("a")).unwrap();
    checkpoint.add_asset(&asset("b")).unwrap();
    checkpoint.position.after = Some("row".into());
    checkpoint.save().unwrap();
    checkpoint.add_key(key("b")).unwrap();
    checkpoint.add_asset(&asset("c")).unwrap();
    drop(checkpoint);
    let checkpoint = Checkpoint::open(folder.path(), "x").unwrap();
    assert!(checkpoint.is_resumed());
    assert_eq!(checkpoint.position.after.as_deref(), Some("row"));
    assert_eq!(orphans(&checkpoint), ["b"]);
}

#[test]
fn begins_anew_where_the_state_is_about_something_else() {
    let folder = tempfile::tempdir().unwrap();
    let mut checkpoint = Checkpoint::open(folder.path(), "x").unwrap();
    checkpoint.add_asset(&asset("a")).unwrap();
    checkpoint.position.classes = 1;
    checkpoint.save().unwrap();
    drop(checkpoint);
    let checkpoint = Checkpoint::open(folder.path(), "y").unwrap();
    assert!(!checkpoint.is_resumed());
    assert_eq!(orphans(&checkpoint), [""; 0]);
}

#[test]
fn begins_a_place_anew_without_its_assets() {
    let folder = tempfile::tempdir().unwrap();
    let mut checkpoint = Checkpoint::open(folder.path(), "x").unwrap();
    let add = |checkpoint: &mut Checkpoint, public_id| {
        checkpoint.position.counts.assets += 1;
        checkpoint.add_asset(&asset(public_id)).unwrap();
    };
    add(&mut checkpoint, "first/a");
    checkpoint.end_prefix().unwrap();
    add(&mut checkpoint, "second/a");
    checkpoint.position.cursor = Some("old".into());
    checkpoint.save().unwrap();
    drop(checkpoint);
    let mut checkpoint = Checkpoint::open(folder.path(), "x").unwrap();
    add(&mut checkpoint, "second/b");
    checkpoint.restart_prefix().unwrap();
    assert_eq!(
        (checkpoint.position.prefixes, &checkpoint.position.cursor),
        (1, &None)
    );
    add(&mut checkpoint, "second/c");
    checkpoint.save().unwrap();
    assert_eq!(checkpoint.position.counts.assets, 2);
    assert_eq!(orphans(&checkpoint), ["first/a", "second/c"]);
}

#[test]
fn begins_anew_where_files_lack_what_the_position_counts_on() {
    for name in [KEYS, ASSETS] {
        let folder = tempfile::tempdir().unwrap();
        let mut checkpoint = Checkpoint::open(folder.path(), "x").unwrap();
        checkpoint.add_key(key("a")).unwrap();
        checkpoint.add_asset(&asset("a")).unwrap();
        checkpoint.position.classes = 1;
        checkpoint.save().unwrap();
        drop(checkpoint);
        fs::write(folder.path().join(name), "short").unwrap();
        let checkpoint = Checkpoint::open(folder.path(), "x").unwrap();
        assert!(!checkpoint.is_resumed(), "{name}");
        assert_eq!(orphans(&checkpoint), [""; 0]);
    }
}

#[test]
fn splits_keys_into_parts_that_together_are_all_keys() {
    let ids: Vec<_> = (0..100).map(|n| n.to_string()).collect();
    for parts in [1, 2, 7] {
        let mut counts = [0; 7];
        for id in &ids {
            counts[usize::try_from(key(id).part(parts)).unwrap()] += 1;
        }
        assert_eq!(counts.iter().sum::<i32>(), 100);
        assert!(counts[usize::try_from(parts - 1).unwrap()] > 0);
    }
}
