//! What the workers say.

use std::sync::Arc;

use super::exclusion_form::counted;
use super::{
    Effect, ask, asks, browse, follow, follow_rule, indicators, moves, places, recording, replay, rows, rule_page,
    sessions, timeline, trees,
};
use crate::console::action::View;
use crate::console::jobs::Report;
use crate::console::overlay::Overlay;
use crate::console::run::Ending;
use crate::console::source::{Answer, Question, Topic, Trouble};
use crate::console::state::State;

pub fn take(state: &mut State, report: Report) -> Vec<Effect> {
    if !state.board.accept(report.topic, report.epoch) {
        return Vec::new();
    }
    if report.topic == Topic::Save
        && let Some(ending) = state.leaving.take()
    {
        return match report.answer {
            Ok(_) => vec![Effect::End(ending)],
            Err(trouble) => {
                // What is shown anew would be what the store has.
                if let Some(behind) = state.behind.as_mut().filter(|_| ending == Ending::Anew) {
                    (behind.unsaved, behind.is_shown) = (true, false);
                }
                let quit = state.keymap.key("quit");
                state.complain(format!("not saved: {}; {quit} again leaves", trouble.text()));
                Vec::new()
            }
        };
    }
    match report.answer {
        Ok(answer) => answered(state, answer),
        Err(Trouble::Cancelled) => Vec::new(),
        Err(Trouble::Failed(text)) => {
            if report.topic == Topic::Query {
                browse::query_failed(state, &text);
            }
            state.complain(format!("{}: {text}", report.topic.doing()));
            if text.contains('\n') || report.topic == Topic::Overview {
                let title = format!("Problem while {}", report.topic.doing());
                state.overlay = Some(Overlay::Text { title, text, top: 0 });
            }
            Vec::new()
        }
    }
}

fn answered(state: &mut State, answer: Answer) -> Vec<Effect> {
    match answer {
        Answer::Overview(overview) => {
            let overview = *overview;
            state.switches = overview.switches.clone();
            let session = overview.session.as_deref().cloned();
            state.overview = Some(overview);
            let mut effects = recording::beginning(state, session.as_ref());
            effects.extend(ask_results(state));
            if let Some(session) = session {
                state.kept = Some(session.clone());
                effects.extend(sessions::restore(state, session));
            }
            effects
        }
        Answer::Matches(found) => {
            if state.session_start.is_none() {
                state.session_start = Some(Arc::clone(&found.shown));
            }
            state.found = Some(found);
            rows::matches(state);
            rows::select_focused(state);
            rows::diff(state);
            rows::marks(state);
            rows::exclusions(state);
            let mut effects = trees::wanted(state);
            effects.extend(trees::place(state));
            effects.extend(trees::cuts(state));
            effects.extend(follow(state));
            effects
        }
        Answer::Effects(effects) => {
            state.native = effects;
            rows::exclusions(state);
            Vec::new()
        }
        Answer::Places(placed) => trees::placed(state, placed),
        Answer::Node(facts) => {
            trees::learned(state, *facts);
            Vec::new()
        }
        Answer::Row(title, listing) => {
            browse::show_row(state, title, &listing);
            Vec::new()
        }
        Answer::Replay(alerts) => {
            replay::arrived(state, *alerts);
            Vec::new()
        }
        Answer::Cuts(cuts) => {
            state.cuts = cuts;
            Vec::new()
        }
        Answer::Preview(preview) => {
            if let Some(Overlay::Exclusion(form)) = &mut state.overlay
                && form.exclusion().as_ref().map(counted) == Some(preview.exclusion.clone())
            {
                form.preview = Some(*preview);
            }
            Vec::new()
        }
        Answer::LookedFor(counts) => {
            if let Some(Overlay::Exclusion(form)) = &mut state.overlay {
                form.fields.iter_mut().zip(counts).for_each(|(field, rules)| field.rules = Some(rules));
            }
            Vec::new()
        }
        Answer::Check(checked) => {
            browse::checked(state, *checked);
            Vec::new()
        }
        Answer::Timeline(window, shown) => {
            timeline::arrived(state, window, shown.map(|shown| *shown));
            Vec::new()
        }
        Answer::Moments(range, moments) => {
            timeline::moments(state, range, moments);
            Vec::new()
        }
        Answer::Seen(condition, seen) => {
            state.indicator.seen = Some((condition, seen));
            Vec::new()
        }
        Answer::Hits(hits) => {
            state.events.hits = Some(*hits);
            match state.events.wanted_hit.take() {
                Some((forward, here_too)) => browse::next_hit(state, forward, here_too),
                None => Vec::new(),
            }
        }
        Answer::Sightings(hash, seen) => {
            state.sightings.insert(hash, seen);
            Vec::new()
        }
        Answer::Record(event, text) => {
            state.overlay = Some(Overlay::Text { title: format!("Event #{event} as it was recorded"), text, top: 0 });
            Vec::new()
        }
        Answer::Events(page) => browse::page_arrived(state, *page),
        Answer::Query(done) => {
            browse::query_done(state, *done);
            Vec::new()
        }
        Answer::Counts(counts) => {
            state.events.counts = Some(*counts);
            Vec::new()
        }
        Answer::Tables(tables) => browse::tables_counted(state, tables),
        Answer::Explain(explanation) => {
            state.explanation = Some(*explanation);
            Vec::new()
        }
        Answer::Funnel(funnel) => {
            let is_new = state.funnel.as_ref().is_none_or(|before| before.rule != funnel.rule);
            state.funnel = Some(*funnel);
            rule_page::refresh(state);
            if is_new {
                rows::select_stage(state);
            }
            Vec::new()
        }
        Answer::Forest(devices, forest) => trees::arrived(state, devices, forest),
        Answer::Sheet(sheet) => {
            state.sheets.insert(sheet.name.clone(), *sheet);
            rule_page::refresh(state);
            Vec::new()
        }
        Answer::Dossier(dossier) => {
            let rule = dossier.rule.clone();
            state.dossiers.insert(rule.clone(), *dossier);
            rule_page::refresh(state);
            // Another page may have been opened meanwhile.
            if state.rules.open.as_ref().is_some_and(|open| *open != rule) { follow_rule(state) } else { Vec::new() }
        }
        Answer::Indicators(indicators) => {
            state.indicators = Some(indicators);
            rows::indicators(state);
            indicators::follow(state)
        }
        Answer::Saved => Vec::new(),
        Answer::Export(path, made) => asks::exported(state, path, *made),
    }
}

/// Asks anew for everything that depends on the switches.
pub fn ask_results(state: &mut State) -> Vec<Effect> {
    state.explanation = None;
    state.sightings.clear();
    let settings = state.settings();
    let mut effects =
        vec![ask(state, Question::Matches(settings.clone())), ask(state, Question::Effects(settings.clone()))];
    let is_page_open = state.view == View::Rules && state.rules.open.is_some();
    if let Some(rule) = moves::rule_here(state).filter(|_| is_page_open) {
        effects.push(ask(state, Question::Funnel(settings, rule)));
    }
    if !is_page_open {
        // The numbers of a closed page are of before; it asks again when it is opened.
        state.funnel = None;
    }
    match state.view {
        View::Rules => effects.extend(follow_rule(state)),
        View::Events if state.events.page.is_none() => effects.extend(browse::show_events(state)),
        // Another clock took them away.
        View::Indicators if state.indicators.is_none() => effects.extend(places::show_indicators(state)),
        _ => {}
    }
    effects
}
