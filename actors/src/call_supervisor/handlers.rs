//! How CallSupervisor handles its messages and the ends of its actors: requests to Twilio,
//! restarts, teardown.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use protocol::call::{Command, EndReason, EndedBy, Ending, Event, HangUp, Phase, Record};
use protocol::ids::StreamSid;
use protocol::twilio::forms::CallStatus;
use protocol::twilio::twiml::Twiml;
use ractor::{ActorRef, SupervisionEvent};
use supervision::{Decision, Delivery, TaskGroup};
use tracing::Instrument;

use super::apology::apology;
use super::message::CallSupervisorMsg;
use super::no_webhooks;
use super::open_stream::{OpenStream, leave};
use super::state::{CallSupervisorState, STATUS_EVERY};
use super::teardown::{STOP_PATIENCE, Teardown};
use super::view;
use crate::call::records;
use crate::call_parts::CallParts;
use crate::link::Link;
use crate::messages::{SupervisorEvent, SupervisorOrder};
use crate::trace::{self, Source};
use crate::twilio_io;
use crate::twilio_rest::{Answer, TwilioFault};

/// How long CallActor may take to end a call that is over at Twilio.
const FINISH_PATIENCE: Duration = Duration::from_secs(2);
/// How often a redirect is tried while the call is not in progress, and the pause between.
const REDIRECT_TRIES: u32 = 10;
const REDIRECT_PAUSE: Duration = Duration::from_millis(200);
/// How long the teardown waits for requests to Twilio.
const REQUESTS_PATIENCE: Duration = Duration::from_secs(30);
/// How long the teardown waits for the webhook that gives a refused apology.
const WEBHOOK_PATIENCE: Duration = Duration::from_secs(5);

impl CallSupervisorState {
    pub(super) async fn handle_events(&mut self, me: &ActorRef<CallSupervisorMsg>) {
        while let Some(delivery) = self.inbox.receive() {
            trace::taken(&self.registration, &delivery);
            let Delivery { number, event, .. } = delivery;
            match &*event {
                SupervisorEvent::Order(SupervisorOrder::HangUp) => {
                    self.hang_up.send(&self.parts, &self.requests)
                }
                SupervisorEvent::Order(SupervisorOrder::Apologise) => self.apologise(),
                SupervisorEvent::Order(SupervisorOrder::Transfer) => self.transfer(),
                SupervisorEvent::Order(SupervisorOrder::CloseStream) => {
                    if let Some(stream) = &self.stream {
                        stream.close(&self.parts);
                    }
                }
                SupervisorEvent::Order(SupervisorOrder::Finish) => self.take_down(me, None),
                SupervisorEvent::Attach { handshake, stream, link } => {
                    let link = link.lock().unwrap_or_else(PoisonError::into_inner).take();
                    if let Some(link) = link {
                        self.attach(*handshake, stream, link).await;
                    }
                }
                SupervisorEvent::Status { status, duration_secs } => {
                    if status.is_terminal() {
                        self.parts.redirect.end();
                        self.end_soon();
                    }
                    let (status, duration_secs) = (*status, *duration_secs);
                    if self.ending {
                        self.write_late_status(status, duration_secs);
                    } else {
                        self.tell_call(Event::StatusReported { status, duration_secs });
                    }
                }
                SupervisorEvent::OperatorHangUp => {
                    self.end_soon();
                    self.tell_call(Event::OperatorHungUp);
                }
                SupervisorEvent::RecordingFailed => self.tell_call(Event::RecordingFailed),
                SupervisorEvent::TransferEnded { answered } => {
                    self.tell_call(Event::TransferEnded { answered: *answered });
                }
                SupervisorEvent::LetGo => self.let_go(me),
                SupervisorEvent::CutOff => self.tell_call(Event::CutOff),
                SupervisorEvent::Shutdown => self.tell_call(Event::ShutdownOrdered),
            }
            trace::done(&self.registration, number);
            self.inbox.ack(number);
        }
    }

    /// The stream with the newest handshake gets the call, in whatever order the `start` messages
    /// arrive (CALL-9).
    async fn attach(&mut self, handshake: u64, stream: &StreamSid, link: Link) {
        if self.ending || handshake < self.handshake {
            tracing::info!(%stream, "stream closed: the call is over or has a newer one");
            return;
        }
        self.handshake = handshake;
        self.close_stream().await;
        self.parts.redirect.reset();
        let tasks = TaskGroup::new();
        twilio_io::attach(stream.clone(), link, &self.parts, &tasks);
        tracing::info!(%stream, "stream opened");
        self.stream = Some(OpenStream { sid: stream.clone(), tasks });
    }

    pub(super) fn on_alarm(&mut self, me: &ActorRef<CallSupervisorMsg>) {
        let now = self.parts.clock.now();
        if now >= self.status_at {
            self.status_at = now + STATUS_EVERY;
            view::log_status(&self.parts);
        }
        if self.finish_by.is_some_and(|at| at <= now) {
            self.finish_by = None;
            self.take_down(me, None);
        }
    }

    pub(super) fn on_supervision_event(
        &mut self,
        event: &SupervisionEvent,
        me: &ActorRef<CallSupervisorMsg>,
    ) {
        let Some((kind, decision)) = self.children.on_event(event, me) else { return };
        if decision == Decision::GiveUp {
            tracing::error!(kind = kind.as_str(), "an actor failed too often: the call ends");
            // Whoever is put through, or hears the apology, is not interrupted.
            if !self.parts.redirect.is_under_way() {
                let ending = Ending { reason: EndReason::Internal, by: EndedBy::Daemon };
                let until = self.parts.time.now().at + REQUESTS_PATIENCE;
                let phase = Phase::HangingUp { ending, how: HangUp::Apology, until };
                let _ = self.parts.given_up.set(phase);
                self.apologise();
            }
            self.take_down(me, Some(EndReason::Internal));
        }
    }

    pub(super) fn set_alarm(&mut self) {
        let restart = self.children.next_restart().filter(|_| !self.ending);
        let due = [Some(self.status_at), self.finish_by, restart];
        self.alarm.set(due.into_iter().flatten().min());
    }

    /// Closes the sockets at once, since an open stream costs money, and gives the actors a
    /// deadline (CALL-5).
    fn end_soon(&mut self) {
        self.close_sockets();
        self.finish_by = Some(self.parts.clock.now() + FINISH_PATIENCE);
    }

    fn tell_call(&self, event: Event) {
        if let Err(error) = self.parts.call.try_send(event) {
            tracing::error!(%error, "an event found no room in the call's inbox");
        }
    }

    fn apologise(&mut self) {
        let document = apology(&self.parts.setup.settings, &self.parts.setup.lines);
        self.redirect("apologise", document, Event::ApologyFailed);
    }

    fn transfer(&mut self) {
        if let Some(dial) = self.parts.setup.transfer.clone() {
            self.redirect("transfer", Twiml::transfer(dial), Event::TransferFailed);
        }
    }

    /// Redirects the call to other TwiML, unless a webhook has given it. CallActor gets `failed` if
    /// that fails.
    fn redirect(&mut self, task: &'static str, document: Twiml, failed: Event) {
        if !self.parts.redirect.begin() {
            return;
        }
        let (parts, stream) = (Arc::clone(&self.parts), self.stream.clone());
        let request = async move {
            if !parts.may_act().await {
                return;
            }
            let answer = tokio::select! {
                biased;
                () = parts.redirect.is_settled() => return,
                answer = redirect(&parts, &document) => answer,
                never = leave(&parts, stream) => match never {},
            };
            let event = match answer {
                Ok(Answer::Done) => {
                    parts.redirect.succeed();
                    return no_webhooks::line_ended(&parts, Some(&document));
                }
                Ok(Answer::NotInProgress) => Event::HangUpAnswered,
                Err(error) => {
                    tracing::error!(%error, task, "redirecting the call at Twilio failed");
                    failed
                }
            };
            if parts.redirect.fail() {
                let _ = parts.call.try_send(event);
            }
        };
        self.requests.spawn(task, Source::actor(&self.registration).task(task, request));
    }

    fn close_sockets(&mut self) {
        if let Some(stream) = &self.stream {
            stream.tasks.cancel();
        }
        self.children.close_session();
    }

    async fn close_stream(&mut self) {
        if let Some(old) = self.stream.take() {
            old.tasks.cancel_and_join().await;
        }
    }

    /// Stops all actors in a task, and lets the call's core finish the record; see [`Teardown`].
    fn take_down(&mut self, me: &ActorRef<CallSupervisorMsg>, reason: Option<EndReason>) {
        if std::mem::replace(&mut self.ending, true) {
            return;
        }
        self.registration.set_state("taking down");
        self.detach_call_actor();
        self.children.close_session();
        // The redirect to the apology must reach Twilio before the stream ends. Otherwise Twilio
        // goes on to the next verb.
        let apologising = reason.is_some();
        if !apologising {
            self.close_sockets();
        }
        let (me, stream, teardown) = (me.clone(), self.stream.clone(), self.teardown());
        let stopping = async move {
            if apologising {
                let _ = tokio::time::timeout(REQUESTS_PATIENCE, teardown.requests.join()).await;
                await_webhook(&teardown.parts, stream).await;
            }
            teardown.run(reason, REQUESTS_PATIENCE).await;
            let _ = me.cast(CallSupervisorMsg::TakenDown);
        };
        tokio::spawn(stopping.in_current_span());
    }

    /// Another node has the call. Everything of it ends here at once: nothing is said or written, and nothing
    /// asked of Twilio (RES-9).
    fn let_go(&mut self, me: &ActorRef<CallSupervisorMsg>) {
        if std::mem::replace(&mut self.ending, true) {
            return;
        }
        tracing::info!("another node has the call: it is let go");
        self.registration.set_state("letting go");
        self.parts.let_go();
        self.detach_call_actor();
        self.close_sockets();
        self.requests.cancel();
        let (me, teardown) = (me.clone(), self.teardown());
        let stopping = async move {
            teardown.let_go().await;
            let _ = me.cast(CallSupervisorMsg::TakenDown);
        };
        tokio::spawn(stopping.in_current_span());
    }

    /// The daemon stops before the call is over. Nothing of the call may outlive its supervisor,
    /// and the record says why it ended (RES-6, RES-8).
    pub(super) async fn stop_at_once(&mut self) {
        if std::mem::replace(&mut self.ending, true) {
            return;
        }
        self.detach_call_actor();
        self.close_sockets();
        self.teardown().run(Some(EndReason::Shutdown), STOP_PATIENCE).await;
    }

    /// CallActor receives no more events: the effects of the teardown must not become the reason
    /// for the end.
    fn detach_call_actor(&self) {
        drop(self.parts.call.attach_with(|| {}));
    }

    fn teardown(&mut self) -> Teardown {
        let (running, tasks) = self.children.running();
        Teardown {
            running,
            tasks: tasks.into_iter().chain(self.stream.take().map(|stream| stream.tasks)).collect(),
            parts: Arc::clone(&self.parts),
            requests: self.requests.clone(),
            hang_up: self.hang_up.clone(),
            playback: self.children.playback(),
        }
    }

    /// Twilio's final status arrived during the teardown. It still belongs in the record.
    fn write_late_status(&self, status: CallStatus, duration_secs: Option<u32>) {
        if self.parts.is_let_go() {
            return;
        }
        let mut call = self.parts.snapshot.borrow().call.clone();
        call.finish(EndReason::CallerHungUp, EndedBy::Caller);
        call.handle(Event::StatusReported { status, duration_secs }, self.parts.time.now());
        let last = call.outbox().filter_map(|(_, command)| {
            let Command::Record(record @ Record::Ended(_)) = command else { return None };
            Some(record.clone())
        });
        if let Some(entry) = last.last().and_then(|last| records::entry(&self.parts, &call, last)) {
            self.parts.services.journal.record(entry);
        }
    }
}

/// If Twilio has refused the apology, closes the stream and waits for the webhook that Twilio then asks,
/// while the call can still be found.
async fn await_webhook(parts: &CallParts, stream: Option<OpenStream>) {
    if parts.redirect.has_failed() {
        if let Some(stream) = stream {
            stream.close(parts);
        }
        let _ = tokio::time::timeout(WEBHOOK_PATIENCE, parts.redirect.is_settled()).await;
    }
}

/// A call that is being answered is not in progress yet, so this tries again. A call that stays so
/// is over.
async fn redirect(parts: &CallParts, document: &Twiml) -> Result<Answer, TwilioFault> {
    for _ in 0..REDIRECT_TRIES {
        match parts.carrier.redirect(&parts.setup.call_sid, document).await? {
            Answer::Done => return Ok(Answer::Done),
            Answer::NotInProgress => tokio::time::sleep(REDIRECT_PAUSE).await,
        }
    }
    Ok(Answer::NotInProgress)
}
