//! End-to-end tests with real pages, a real endpoint and three engines: the interaction of a partner's page, a
//! supporter's browser and the endpoint. Each test runs once in each engine.
//!
//! They need the output of `cargo xtask build`; `STANDWITH_BIN` and `STANDWITH_DIST` name it if it is elsewhere.
//! `STANDWITH_ENGINES` selects engines (default: `chromium,firefox,webkit`); `CHROMEDRIVER`, `GECKODRIVER` and
//! `WEBKITDRIVER` name their drivers, `STANDWITH_PYTHON` a Python with the JOSE libraries. A test whose browser, driver
//! or library is missing is skipped, with a message; with `CI=true` it fails.

mod accessibility;
mod announcements;
mod comfort;
mod contrast;
mod degraded;
mod embedding;
mod failures;
mod first_paint;
mod foreign_nodes;
mod frameworks;
mod hosted;
mod hostile;
mod jose;
mod journey;
mod keyboard;
mod libraries;
mod naughty;
mod outbox;
mod payloads;
mod pictures;
mod preferences;
mod risk;
mod sealed;
mod states;
mod strict;
mod versions;
mod warm;
mod zoom;

use std::future::Future;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use tokio::runtime::Runtime;

use standwith_testkit as harness;

use harness::browser::Browser;
use harness::engine::Engine;
use harness::{Place, Stage, in_ci};

/// Time limit of a test.
const PATIENCE: Duration = Duration::from_secs(60);

type Running<'a> = Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// A test in a browser, and its name.
struct InBrowser(&'static str, for<'a> fn(&'a Stage) -> Running<'a>);
/// A test that needs no browser, and its name.
struct Alone(&'static str, for<'a> fn(&'a Place) -> Running<'a>);

macro_rules! tests {
    ($kind:ident: $($module:ident::$name:ident,)*) => {
        [$($kind(
            concat!(stringify!($module), "::", stringify!($name)),
            |given| Box::pin($module::$name(given)),
        )),*]
    };
}

fn main() -> ExitCode {
    run().unwrap_or_else(|error| {
        eprintln!("{error:#}");
        ExitCode::FAILURE
    })
}

fn run() -> Result<ExitCode> {
    let in_browser = tests! { InBrowser:
        journey::a_message_goes_from_the_article_to_the_export,
        embedding::an_element_shows_its_content_until_the_form_is_there,
        embedding::a_script_in_the_head_puts_the_form_at_the_end,
        embedding::forms_of_one_page_do_not_mix,
        embedding::moving_keeps_what_was_typed_and_removing_frees_it,
        embedding::a_page_may_have_an_element_of_that_name,
        embedding::an_endpoint_may_take_json,
        embedding::a_campaign_may_have_moved,
        embedding::a_lazy_form_waits_until_it_is_near,
        embedding::a_sandboxed_frame_is_enough,
        strict::the_strictest_policy_is_enough,
        strict::a_policy_without_wasm_leaves_the_fallback,
        strict::an_insecure_page_leaves_the_fallback,
        failures::a_campaign_that_can_not_be_read_leaves_the_fallback,
        failures::a_campaign_file_that_is_cut_off_is_asked_for_again,
        failures::a_tampered_core_is_not_run,
        failures::nothing_is_lost_while_the_endpoint_fails,
        failures::an_endpoint_that_never_answers_is_given_up,
        failures::a_wrong_clock_does_no_harm,
        failures::an_address_that_is_none_is_said_and_what_was_typed_stays,
        sealed::what_is_typed_leaves_sealed_for_the_campaign_alone,
        sealed::without_its_cryptography_nothing_is_sent,
        sealed::under_a_flood_a_form_proves_its_work,
        degraded::without_webassembly_there_is_a_reason_and_a_link,
        degraded::where_nothing_can_be_stored_it_is_sent_all_the_same,
        outbox::what_cannot_be_sent_is_kept_until_it_can,
        outbox::of_many_forms_one_sends_what_is_kept,
        outbox::a_browser_without_a_database_says_that_it_keeps_nothing,
        first_paint::what_is_typed_before_the_code_is_there_stays,
        first_paint::the_code_moves_nothing_when_it_takes_over,
        first_paint::a_click_before_the_code_is_there_leaves_nothing_and_counts,
        first_paint::a_list_of_countries_may_have_the_focus_early,
        first_paint::a_press_sends_no_country_that_was_not_shown,
        first_paint::a_plain_file_is_enough,
        first_paint::without_the_code_what_was_typed_can_be_copied,
        first_paint::a_form_is_written_in_before_it_can_send,
        first_paint::the_code_is_asked_for_again,
        first_paint::what_is_said_meanwhile_moves_nothing,
        first_paint::what_is_not_open_is_never_painted_as_open,
        first_paint::a_hostile_plan_runs_nothing,
        first_paint::what_is_done_on_a_first_paint_that_differs_is_forgotten,
        first_paint::a_page_without_a_language_has_its_form,
        first_paint::a_press_before_something_is_filled_in_sends_nothing,
        first_paint::another_language_may_be_asked_for_before_the_code_is_there,
        first_paint::a_draft_comes_back_beside_what_is_typed_before_the_code_is_there,
        first_paint::the_endpoints_first_paint_is_taken_over_in_every_language,
        first_paint::a_field_may_have_any_name,
        first_paint::the_pages_hotkeys_get_no_letter,
        frameworks::a_tag_that_never_runs_has_its_form,
        frameworks::a_page_kept_with_its_form_has_one,
        frameworks::a_page_that_replaces_its_content_has_a_form,
        frameworks::a_form_that_is_taken_out_for_a_moment_stays_as_it_is,
        frameworks::escape_closes_the_dialog_around_the_form,
        frameworks::elements_may_be_polyfilled,
        frameworks::a_campaign_may_come_late_and_change,
        frameworks::without_shared_styles_the_form_brings_its_own,
        frameworks::the_fallback_leads_to_the_hosted_form_and_the_language_around_counts,
        keyboard::a_form_needs_no_mouse,
        keyboard::tab_leads_through_all_of_it_and_back,
        keyboard::each_mistake_leads_to_its_field,
        announcements::what_happens_is_told,
        preferences::it_is_as_dark_as_it_is_told,
        preferences::dark_and_still_is_how_it_is_wanted,
        preferences::own_colours_leave_nothing_out,
        zoom::nothing_is_lost_in_any_size,
        zoom::nothing_is_lost_where_nothing_can_be_sent,
        contrast::any_accent_can_be_read,
        accessibility::axe_finds_what_is_there,
        accessibility::axe_finds_nothing_where_somebody_may_be_at_risk,
        accessibility::axe_finds_nothing_in_test_mode,
        accessibility::axe_finds_nothing_from_first_paint_to_thanks,
        accessibility::axe_finds_nothing_where_nothing_can_be_sent,
        accessibility::axe_finds_nothing_from_right_to_left,
        accessibility::axe_finds_nothing_on_the_hosted_page,
        accessibility::axe_finds_nothing_on_pages_without_a_form,
        hostile::a_hostile_page_neither_hides_the_form_nor_steals_its_keys,
        hostile::what_a_page_patches_changes_nothing_that_is_signed,
        hostile::elements_named_like_properties_of_the_document_change_nothing,
        hostile::a_picture_on_another_host_is_fetched_without_cookie_and_referrer,
        hostile::what_a_page_breaks_leaves_the_fallback_or_a_form,
        hostile::what_a_page_forbids_is_not_forbidden_in_the_form,
        hostile::a_trap_leaves_what_was_typed_and_a_way_on,
        foreign_nodes::a_writing_assistant_takes_no_focus,
        foreign_nodes::nothing_of_the_form_stays_beside_the_thanks,
        foreign_nodes::the_fallback_is_hidden_beside_foreign_nodes,
        libraries::globals_of_a_library_neither_break_nor_deaden_the_form,
        libraries::without_its_cryptography_a_page_hears_why,
        naughty::whatever_is_typed_arrives_unchanged,
        payloads::nothing_in_a_campaign_file_runs,
        payloads::nothing_on_the_hosted_page_runs,
        risk::the_quick_way_out_leaves_nothing_behind,
        risk::the_quick_way_out_needs_no_code,
        risk::the_quick_way_out_stays_where_it_is_while_the_code_comes,
        risk::a_form_left_before_its_code_is_there_is_empty,
        risk::the_quick_way_out_leaves_a_page_with_elements_named_like_the_documents,
        risk::in_a_frame_that_may_not_lead_the_page_away_the_form_leaves_alone,
        risk::people_at_risk_are_warned_and_leave_no_trace,
        risk::a_message_leaves_by_the_supporters_own_mail,
        risk::a_test_says_so_and_never_counts,
        comfort::another_language_keeps_what_is_written,
        comfort::late_names_of_countries_are_not_shown,
        comfort::the_tab_keeps_what_is_typed_until_it_is_sent,
        comfort::a_link_fills_in_and_is_stripped,
        comfort::a_plus_in_a_fragment_is_a_plus,
        comfort::what_comes_along_with_a_copy_is_taken_out,
        comfort::the_thanks_take_no_focus_from_another_field,
        comfort::it_can_be_passed_on_and_leads_on,
        comfort::days_are_told_as_the_language_writes_them,
        hosted::the_hosted_form_needs_no_script,
        hosted::the_hosted_form_at_risk_has_the_whole_quick_way_out,
        hosted::what_was_posted_without_script_at_risk_does_not_come_back,
        hosted::only_a_site_that_the_campaign_names_frames_the_page,
        versions::a_pinned_older_version_still_works,
        warm::a_second_visit_asks_for_the_campaign_and_the_count,
        warm::the_count_is_looked_at_again_only_while_the_page_is_seen,
    };
    // Made in place of the tests: these check nothing by themselves, a person has to look at the pictures.
    let pictures = tests! { InBrowser:
        pictures::every_state_is_light_and_wide,
        pictures::every_state_is_dark_and_narrow,
    };
    let wanted = std::env::var_os(pictures::FOLDER).is_some();
    let in_browser = if wanted { Vec::from(pictures) } else { Vec::from(in_browser) };
    let alone = tests! { Alone:
        hosted::posting_twice_records_once,
        jose::what_jose_signs_is_taken_and_joserfc_verifies_it,
        jose::what_joserfc_signs_is_taken_and_jose_verifies_it,
        jose::what_jose_seals_is_taken_and_unsealed,
        jose::what_jwcrypto_seals_is_taken_and_unsealed,
        jose::what_we_seal_jose_and_jwcrypto_unseal,
        versions::versions_stay_and_the_loader_is_asked_for_anew,
    };

    let arguments = Arguments::from_args();
    let runtime = Arc::new(Runtime::new()?);
    let place = Arc::new(Place::find().context("run `cargo xtask build` first")?);
    let bench = |engine| Arc::new(Bench { engine, browser: Mutex::default() });
    let benches: Vec<_> = Engine::wanted()?.into_iter().map(bench).collect();
    let mut trials = Vec::new();
    // Sorted by test, then by engine. Each engine runs one test at a time, so in this order all engines work at the
    // same time, if `--test-threads` allows it.
    for InBrowser(name, test) in in_browser {
        for bench in &benches {
            let (bench, place, runtime) = (bench.clone(), place.clone(), runtime.clone());
            let name = format!("{}::{name}", bench.engine.name());
            trials.push(Trial::ignorable_test(name.clone(), move || {
                bench.run(&name, test, &place, &runtime)
            }));
        }
    }
    for Alone(name, test) in alone {
        let (place, runtime) = (place.clone(), runtime.clone());
        trials.push(Trial::ignorable_test(name, move || {
            outcome(runtime.block_on(patiently(test(&place))))
        }));
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    runtime.block_on(async {
        for bench in &benches {
            bench.clear().await;
        }
    });
    Ok(conclusion.exit_code())
}

/// Runs the tests of one engine, one after the other, in one browser.
struct Bench {
    engine: Engine,
    browser: Mutex<Option<Browser>>,
}

impl Bench {
    fn run(
        &self,
        name: &str,
        test: for<'a> fn(&'a Stage) -> Running<'a>,
        place: &Place,
        runtime: &Runtime,
    ) -> Result<Completion, Failed> {
        let mut slot = self.browser.lock().unwrap_or_else(PoisonError::into_inner);
        outcome(runtime.block_on(async {
            let mut again = true;
            loop {
                let browser = match slot.take() {
                    Some(browser) => browser,
                    None => Browser::start(self.engine).await?,
                };
                let stage = Stage::set(place, browser).await?;
                let Err(error) = patiently(test(&stage)).await else {
                    *slot = Some(stage.browser);
                    return Ok(());
                };
                let picture = place.pictures.join(format!("{}.png", name.replace("::", "-")));
                let seen = stage.report(&picture).await;
                let lives = stage.browser.lives().await;
                // The next test starts a new browser.
                stage.browser.quit().await;
                // Browsers crash occasionally. A page that crashes them crashes the next one, too.
                if !lives && std::mem::take(&mut again) {
                    eprintln!("{name}: the browser has crashed ({error:#}): again");
                    continue;
                }
                // The message contains the page's state, too: the list of failures may be all that is left of a run.
                return Err(match error.is::<harness::Missing>() {
                    true => error,
                    false => anyhow::anyhow!("{error:#}\n{seen}"),
                });
            }
        }))
    }

    async fn clear(&self) {
        let browser = self.browser.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(browser) = browser {
            browser.quit().await;
        }
    }
}

async fn patiently(test: Running<'_>) -> Result<()> {
    tokio::time::timeout(PATIENCE, test).await.context("the test took too long")?
}

fn outcome(done: Result<()>) -> Result<Completion, Failed> {
    match done {
        Ok(()) => Ok(Completion::Completed),
        Err(error) => match error.downcast::<harness::Missing>() {
            Ok(missing) if !in_ci() => Ok(Completion::ignored_with(missing)),
            Ok(missing) => Err(format!("{missing}").into()),
            Err(error) => Err(format!("{error:#}").into()),
        },
    }
}
