use super::*;

const ROWS: &str = "count 7 drawn|c|v2|1|-|500|9500|trials 12
count 7 drawn|c|v2|1|-|500|9500|missing 1
count 7 drawn|c|v2|1|-|500|9500|vote.errors 3
count 7 drawn|s|v1|1|NZ|500|9500|trials 230
count 7 bot|-|v1|1|-|0|0|pages 5
count 7 nonsense 5
networks 7 errors 12 3
drop bad_token 9";

#[test]
fn every_cell_is_an_object_with_its_counters() {
    let json: serde_json::Value = serde_json::from_str(&Tallies::read(ROWS).json("shop", 5)).unwrap();
    assert_eq!(json["cells"].as_array().unwrap().len(), 3);
    let canary = json["cells"].as_array().unwrap().iter().find(|cell| cell["arm"] == "canary").unwrap();
    assert_eq!(canary["counts"], serde_json::json!({ "missing": 1, "trials": 12, "vote.errors": 3 }));
    assert_eq!((&canary["odds"]["canary"], &canary["step"]), (&serde_json::json!(500), &serde_json::json!(1)));
    assert_eq!(json["drops"]["bad_token"], 9);
    assert_eq!(json["networks"][0]["canary_networks"], 3);
}

#[test]
fn third_quartiles_come_from_the_bins() {
    let mut histogram = Histogram::default();
    (1..=1000).for_each(|value| histogram.add(value));
    let rows: String =
        histogram.counts().iter().map(|(bin, n)| format!("count 7 drawn|c|v2|1|-|500|9500|lcp#{bin} {n}\n")).collect();
    let json: serde_json::Value = serde_json::from_str(&Tallies::read(&rows).json("shop", 5)).unwrap();
    let p75 = json["cells"][0]["vitals"]["lcp"]["p75"].as_u64().unwrap();
    assert!(p75.abs_diff(750) <= 15, "{p75}");
    assert_eq!(json["cells"][0]["vitals"]["lcp"]["n"], 1000);
}

/// As the public package `confseq` has it for a share of .75 in 1000 draws, but for the width of a bin.
#[test]
fn a_third_quartile_has_an_interval_where_there_is_one_value_a_visitor() {
    let mut histogram = Histogram::default();
    (1..=1000).for_each(|value| histogram.add(value));
    let vital = |class: &str, scale: u64| {
        let cell = |(bin, n): &(u16, u64)| format!("count 7 {class}|v1|1|-|500|9500|lcp#{bin} {}\n", n * scale);
        let rows: String = histogram.counts().iter().map(cell).collect();
        let json: serde_json::Value = serde_json::from_str(&Tallies::read(&rows).json("shop", 5)).unwrap();
        let vital = json["cells"][0]["vitals"]["lcp"].clone();
        (vital["p75_low"].as_u64(), vital["p75_high"].as_u64())
    };
    let (Some(low), Some(high)) = vital("drawn|s", 1) else { panic!("no interval") };
    assert!((690..740).contains(&low) && (760..810).contains(&high), "{low} to {high}");
    let (Some(closer), Some(below)) = vital("drawn|s", 100) else { panic!("no interval") };
    assert!(low < closer && closer <= 750 && 750 <= below && below < high, "{closer} to {below}");
    assert_eq!(vital("apart|-", 1), (None, None), "pages of one visitor are not independent");
}

#[test]
fn the_metrics_are_read_by_a_parser_of_prometheus() {
    let mut metrics = Metrics::default();
    let rows = format!("{ROWS}\ncount 7 drawn|c|v2|1|-|500|9500|lcp#150 4\ncount 7 drawn|c|v2|1|-|500|9500|cls#12 2");
    Tallies::read(&rows).prometheus("a \"quoted\\ shop", &mut metrics);
    let text = metrics.render();
    let read = prometheus_parse::Scrape::parse(text.lines().map(|line| Ok(line.to_owned()))).unwrap();
    let value = |name: &str| read.samples.iter().find(|sample| sample.metric == name).map(|sample| sample.value.clone());
    assert_eq!(value("halftone_vote_total"), Some(prometheus_parse::Value::Counter(3.0)));
    for name in ["halftone_lcp_seconds", "halftone_cls_ratio"] {
        let Some(prometheus_parse::Value::Histogram(buckets)) = value(name) else { panic!("{name}: {text}") };
        let counts: Vec<f64> = buckets.iter().map(|bucket| bucket.count).collect();
        assert!(counts.is_sorted() && counts.last() > Some(&0.0), "{counts:?}");
    }
}

#[test]
fn the_metrics_are_families_with_labels() {
    let mut metrics = Metrics::default();
    Tallies::read(ROWS).prometheus("shop", &mut metrics);
    let text = metrics.render();
    let sample = "halftone_vote_total{site=\"shop\",rollout=\"7\",class=\"drawn\",arm=\"canary\",version=\"v2\",step=\"1\",place=\"\",odds=\"500/9500\",guard=\"errors\"} 3";
    assert!(text.lines().any(|line| line == sample), "{text}");
    assert!(text.contains("# TYPE halftone_trials_total counter\n"));
    assert!(text.contains("halftone_beacons_dropped_total{site=\"shop\",reason=\"bad_token\"} 9\n"));
}
