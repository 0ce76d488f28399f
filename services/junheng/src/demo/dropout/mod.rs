//! Scenes: dropout control 控辍保学, from two rates to the last step of one child.
//!
//! The 2018 self-assessment report of 城中区 gives two rates and their missing children: 七周岁入学率 98.93 %, 小升初入学率 99.78 %,
//! seven each. They cannot be had from the roll that the inspection is told with: that has some 3,000 seven-year-olds, and the
//! report's rate has 654. So the two rates are told of a population of their own, in the made-up schools of the district next
//! door, a year later; the roll and the verdict of 城中区 stay as they are.
//!
//! [`summer`] (the year ends, places are given) → [`rates`] (the figures and who is behind them) → [`found`] (two ways into one
//! list) → [`road`] (one child cleared, one brought back) → [`quarter`] (the county's report, signed and frozen).

mod found;
mod notices;
mod population;
mod quarter;
mod rates;
mod road;
mod summer;

use std::future::Future;

use anyhow::{Context as _, ensure};
use chrono::NaiveDate;
use junheng_proto::registration::v1::School;
use tonic::{Response, Status};

use super::cast::{NEXT_DOOR, deputy, officers_next_door, school_staff};
use super::roll::Seat;
use super::story::Story;
use super::{accounts, tell};
use crate::client::Refusal;

/// The district's clerk.
const CLERK: &str = "clerk.630104";
/// Its approver.
const HEAD: &str = "approver.630104";
/// Its police.
const POLICE: &str = "police.630104";
/// The officer of a district whose children these are not.
const FOREIGN: &str = "approver.630103";
/// The city above both.
const CITY: &str = "approver.6301";
const SEAT: Seat = Seat {
    county: NEXT_DOOR,
    clerk: CLERK,
};
/// The school year of the rates, by the year in which it begins.
const SCHOOL_YEAR: i32 = 2019;

/// The district on the stage.
pub struct District {
    /// Primary schools in the order of their codes.
    primary: Vec<School>,
    /// Junior schools likewise.
    junior: Vec<School>,
    /// Who do not arrive in their junior school, `students/{id}`: of the first seven primary schools one each.
    missing: Vec<String>,
    /// The password of everybody.
    password: String,
}

/// Plays all scenes.
///
/// # Errors
/// Whatever does not come out as told.
pub async fn play(story: &mut Story, password: &str) -> anyhow::Result<()> {
    tell::scene(
        "控辍保学:又一学年",
        "dropout control: the next school year, in the district next door",
    );
    println!(
        "   城中区2018年自评报告另有两个比率:七周岁入学率98.93%(余7人)、小升初入学率99.78%(余7人),其口径(654名七周岁)与\n   \
         名册的人数对不上,故另用一组人口演示:城西区(630104)、校名均为虚构;城中区的名册与结论不变。\n   \
         Two rates of the report of 城中区 have a population of their own; they are told in made-up schools next door."
    );
    story.until(day("2019-07-08")?).await;
    let people = officers_next_door(password);
    accounts::enter(story, people).await?;
    accounts::enter_in_two_posts(story, &deputy(password)).await?;
    let population = population::draw(&story.county.pupils);
    let mut district = summer::load(story, &population, password).await?;
    // Those who act in what follows.
    let acting = [&district.primary[..1], &district.junior[..]].concat();
    accounts::enter(story, school_staff(&acting, password)).await?;
    summer::ends(story, &mut district).await?;
    summer::autumn_begins(story, &district).await?;

    tell::scene("两个比率", "two rates, and who is behind them");
    story.until(day("2019-09-18")?).await;
    rates::compare(story).await?;

    tell::scene("四查三比对、自动排查", "who is missing is found by itself");
    found::police_list(story, population.residents).await?;
    found::round(story, &district).await?;
    let open = found::suspicions(story).await?;
    found::ledgers(story, [3_836, 14, 0]).await?;

    tell::scene("一人一案", "one child is cleared, one is brought back");
    road::cleared(story, &open).await?;
    let case = road::sought(story, &district, &open).await?;
    let case = road::back(story, &district, case).await?;

    tell::scene("季度复核报告", "the county's report of the quarter");
    story.until(day("2019-10-08")?).await;
    let report = quarter::accepted(story).await?;

    tell::scene(
        "稳定与销号",
        "the return is stable, and two persons close the case",
    );
    road::stable(story, &district, case).await?;
    rates::after(story).await?;
    // The year's ledger keeps who dropped out in it, the closed case too.
    found::ledgers(story, [3_835, 12, 1]).await?;
    quarter::is_frozen(story, &report).await
}

/// The answer of a call, or its refusal.
async fn answered<T>(call: impl Future<Output = Result<Response<T>, Status>>) -> anyhow::Result<T> {
    Ok(call.await.map_err(Refusal::from)?.into_inner())
}

fn day(text: &str) -> anyhow::Result<NaiveDate> {
    text.parse().context("no day")
}

fn all_in(result: &junheng_proto::bulk::v1::ImportResult) -> anyhow::Result<()> {
    ensure!(
        result.rejected_count == 0,
        "{} rows were refused; the first: {:?}",
        result.rejected_count,
        result.verdicts.first()
    );
    Ok(())
}
