//! The rehearsal: a made-up county and the story of its inspection, from the roll to the published verdict; and how the district
//! next door seeks its missing children.
//!
//! Everything is done by gRPC clients through the gateway, each as the person whose post it takes, and some as people
//! whose post it is not: those are refused, and the story shows how. Whatever does not come out as told ends the story
//! with an error, so that the demo is a test too.
//!
//! Scenes: [`accounts`] (who may come in) → [`roll`] (schools, classes, pupils, teachers, sites) → [`notice`] (the
//! notice, and schools confirm) → [`review`] (county, city, province) → [`figures`] (verdict, schools, sources) →
//! [`dropout`] (missing children found, sought, back) → [`trail`] (signatures, seals). People stand in [`cast`], the stage is [`story`].

mod accounts;
mod campaign;
mod cast;
pub mod county;
mod dropout;
mod figures;
mod items;
mod notice;
mod reports;
mod review;
mod roll;
mod rows;
mod story;
mod tell;
mod trail;

use std::path::Path;

use anyhow::{Context as _, bail};
use chrono::NaiveDate;
use junheng_kernel::clock::Clock;
use uuid::Uuid;

use cast::{Person, officers, school_staff};
use county::County;
use story::{Story, morning_of};

use crate::cli::DemoArgs;
use crate::config::Config;
use crate::serve::{self, Ground, Running, database};
use crate::text::{Align, Grid};

/// The day on which the story begins: the first Monday at work after the national holiday of 2018.
const FIRST_DAY: Option<NaiveDate> = NaiveDate::from_ymd_opt(2018, 10, 8);

/// Plays the story, then serves on or ends.
///
/// # Errors
/// A folder that was used before, and anything that does not come out as told.
pub async fn run(mut config: Config, args: &DemoArgs) -> anyhow::Result<()> {
    let temporary = args.data_dir.is_none();
    if temporary {
        config.serve.data_dir =
            std::env::temp_dir().join(format!("junheng-demo-{}", Uuid::now_v7()));
    }
    let folder = config.serve.data_dir.clone();
    if database::is_used(&config) {
        bail!(
            "{0} holds an earlier installation. Name an empty folder, or go on with it: junheng serve --data-dir {0}",
            folder.display()
        );
    }
    let first_day = FIRST_DAY.context("the calendar has no such day")?;
    config.clock.offset_seconds =
        (morning_of(first_day) - Clock::default().now_micros()) / 1_000_000 + 1;
    let mut running = serve::start(Ground::new(config)?, None).await?;
    if running.first.is_none() {
        running.drain().await?;
        bail!(
            "the databases of the settings hold an earlier installation; the demo needs empty ones"
        );
    }
    println!("junheng is ready: http://{}", running.address);
    let begun = std::time::Instant::now();
    let mut story = play(running).await?;
    println!(
        "\n━━ 剧终 · the end, after {:.0} s. 数据 data: {}",
        begun.elapsed().as_secs_f32(),
        folder.display()
    );
    if args.exit {
        story.running.drain().await?;
    } else {
        invite(&story);
        listen_for_the_end(&story.running);
        story.running.until_stopped().await?;
    }
    if temporary {
        remove(&folder);
    }
    Ok(())
}

async fn play(running: Running) -> anyhow::Result<Story> {
    let (first, _) = running
        .first
        .clone()
        .context("an empty folder has administrators")?;
    let administrators = first
        .iter()
        .map(|one| Person::administrator(&one.sign_in_name, &one.password, &one.title))
        .collect();
    // The second half of such an id is random.
    let password = Uuid::now_v7().simple().to_string()[16..].to_owned();
    let county = County::chengzhong(county::SEED);
    let mut story = Story::open(running, county, administrators).await?;

    tell::scene("三员分立,逐级授岗", "three administrators let people in");
    accounts::enter(&mut story, officers(&password)).await?;
    let officer = officers(&password).swap_remove(0);
    accounts::wrong_turns(&story, &officer).await?;

    tell::scene("名册", "the roll of 西宁市城中区 630103, autumn 2018");
    roll::schools(&mut story).await?;
    let staff = school_staff(&story.schools, &password);
    accounts::enter(&mut story, staff).await?;
    roll::everything_else(&story).await?;
    roll::again(&story).await?;
    roll::totals(&story).await?;
    roll::bad_rows(&story).await?;
    notice::wrong_turns_on_the_roll(&story).await?;

    tell::scene(
        "基本均衡督导评估",
        "an inspection under the framework of 2012",
    );
    let basic = notice::issue(
        &story,
        "frameworks/basic-2012",
        "2018年城中区义务教育基本均衡督导评估",
    )
    .await?;
    story.days_pass(3).await;
    notice::schools_confirm(&basic).await?;
    tell::scene("县级自评、市级复核", "the county signs, the city reviews");
    review::county_signs(&basic).await?;
    review::city_reviews(&basic).await?;
    tell::scene(
        "省级评估、公示、公布",
        "the province evaluates and publishes",
    );
    review::province_publishes(&basic).await?;
    tell::scene("结论", "the verdict, as another county's officer reads it");
    figures::county(&basic).await?;
    figures::schools(&basic).await?;
    tell::scene("数据溯源", "one figure down to its source");
    figures::trace(&basic).await?;
    tell::scene("签署轨迹", "the trail of signatures");
    trail::signatures(&basic).await?;

    tell::scene(
        "优质均衡督导评估",
        "a second inspection under the framework of 2017",
    );
    let quality = review::straight_on(
        &story,
        "frameworks/quality-2017",
        "2018年城中区义务教育优质均衡督导评估",
    )
    .await?;
    figures::county(&quality).await?;
    figures::schools(&quality).await?;

    dropout::play(&mut story, &password).await?;

    tell::scene("日志封存核验", "the sealed journals of all five services");
    trail::journals(&story).await?;
    Ok(story)
}

/// Says where to go and as whom.
fn invite(story: &Story) {
    let address = story.running.address;
    tell::scene("继续服务", "it keeps serving");
    println!("  gRPC, gRPC-Web, JSON   http://{address}");
    println!(
        "  junheng call --endpoint http://{address} --sign-in clerk.630103 SchoolService/ListSchools \\"
    );
    println!("      '{{\"parent\": \"regions/630103\"}}'");
    let mut grid = Grid::new(
        ["账号 sign-in", "口令 password", "何人 who"].map(|column| (column, Align::Left)),
    );
    let shown = |person: &&Person| {
        let post = person.post.as_ref();
        post.is_none_or(|post| post.organisation.starts_with("regions/"))
    };
    let schools = story.people.iter().filter(|person| !shown(person)).take(2);
    for person in story.people.iter().filter(shown).chain(schools) {
        grid.row(
            [
                &person.account.sign_in,
                &person.account.password,
                &person.display_name,
            ]
            .map(String::as_str),
        );
    }
    print!("{grid}");
    println!(
        "  各校同理 every school alike: clerk.{{学校标识码}}, head.{{学校标识码}}; Ctrl-C 结束 ends"
    );
}

fn listen_for_the_end(running: &Running) {
    let stop = running.ground.stop.clone();
    tokio::spawn(async move {
        if serve::asked_to_end().await.is_ok() {
            stop.cancel();
        }
    });
}

fn remove(folder: &Path) {
    if let Err(error) = std::fs::remove_dir_all(folder) {
        tracing::warn!(%error, "the demo's folder could not be removed");
    }
}
