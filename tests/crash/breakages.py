"""Breakages of the sending path that a test must notice, as data: an auditor that never fails proves nothing.

Each is one place of the code and what is put there instead. `test_breakages.py` breaks a copy that way and runs the
tests that are to turn red. When code moves, its breakage moves with it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Breakage:
    """`code` stands exactly once in `file` (under src/handbill). `caught_by`: tests that must fail with `broken`."""

    name: str
    file: str
    code: str
    broken: str
    caught_by: tuple[str, ...]

    def __str__(self) -> str:
        return self.name


WORKER = "tests/workspace/engine/test_worker.py::"
TRIGGERS = "tests/workspace/api/test_triggers.py::"
RECEIPTS = "tests/workspace/channels/test_smtp.py::test_what_the_server_does_decides_the_receipt"
RULES = "tests/test_policy.py::test_small_goes_and_big_or_unknown_waits"
APPROVALS = "tests/workspace/store/test_approvals.py::"
HOLDING = "tests/workspace/test_holding.py::"
STOPPING = "tests/workspace/test_stopping.py::"
GATE = "tests/gate/test_gate.py::"
SETTLING = "tests/gate/test_settling.py::"
CALLS = "tests/workspace/store/test_calls.py::"

BREAKAGES = [
    Breakage(
        "a delivery is marked after it is sent",
        "workspace/engine/dispatcher.py",
        """\
            if finished or starting:
                departures = [Departure(parcel.message, parcel.batch.dictionary) for parcel in starting]
                back = await self._ledger.record(finished, departures)
                starting = [parcel for parcel in starting if parcel.message.delivery not in back]
                if back:  # their connections are free for the next ones
                    self._changed.set()
            for parcel in starting:
                self._start(parcel)
""",
        """\
            for parcel in starting:
                self._start(parcel)
            if finished or starting:
                departures = [Departure(parcel.message, parcel.batch.dictionary) for parcel in starting]
                await self._ledger.record(finished, departures)
""",
        (f"{WORKER}test_a_message_leaves_only_when_its_mark_is_committed",),
    ),
    Breakage(
        "more messages are on their way than there are connections",
        "workspace/engine/dispatcher.py",
        "or self._free() > len(parcels))",
        "or self._free() > 0)",
        (f"{WORKER}test_no_more_messages_are_on_their_way_than_the_channel_has_connections",),
    ),
    Breakage(
        "what a dead worker had is left lying",
        "workspace/ledger.py",
        "                found += await self._database.write(ledger.take_over, other, self._now())\n",
        "",
        (f"{WORKER}test_what_a_dead_worker_was_sending_is_sent_again_and_flagged_or_waits_for_a_person",),
    ),
    Breakage(
        "a worker that lives is taken for dead",
        "workspace/ledger.py",
        """\
                lock.acquire(timeout=0)
                found += """,
        """\
                found += """,
        (f"{WORKER}test_a_worker_that_lives_keeps_what_it_has",),
    ),
    Breakage(
        "what a dead worker was sending is queued again without a flag",
        "workspace/store/sql/ledger.sql",
        "state = 'queued', worker = NULL, resent = resent + 1",
        "state = 'queued', worker = NULL",
        (f"{WORKER}test_what_a_dead_worker_was_sending_is_sent_again_and_flagged_or_waits_for_a_person",),
    ),
    Breakage(
        "what a dead worker was sending is sent again although a person wants to decide",
        "workspace/store/ledger.py",
        '    if rules.get(tx).on_unknown == "resend":\n        apply(',
        "    if True:\n        apply(",
        (f"{WORKER}test_what_a_dead_worker_was_sending_is_sent_again_and_flagged_or_waits_for_a_person",),
    ),
    Breakage(
        "an audience that a dead worker was writing out is forgotten",
        "workspace/store/ledger.py",
        '        _prepare_again(tx, row["id"])\n',
        "        pass\n",
        (f"{WORKER}test_an_audience_that_a_dead_worker_was_writing_out_is_written_out_anew",),
    ),
    Breakage(
        "two workers claim the same deliveries",
        "workspace/store/sql/ledger.sql",
        "WHERE trigger_id = :trigger AND state = 'queued' AND worker IS NULL ORDER BY delivery LIMIT :limit)",
        "WHERE trigger_id = :trigger AND state = 'queued' ORDER BY delivery LIMIT :limit)",
        (f"{WORKER}test_two_workers_on_one_trigger_send_everything_once",),
    ),
    Breakage(
        "two workers claim the same message to one person",
        "workspace/store/sql/sends.sql",
        """\
  WHERE d.state = 'queued' AND d.worker IS NULL AND d.trigger_id IS NULL
    AND CASE s.transport WHEN 'live' THEN :live ELSE :captured END
  ORDER BY""",
        """\
  WHERE d.state = 'queued' AND d.trigger_id IS NULL
    AND CASE s.transport WHEN 'live' THEN :live ELSE :captured END
  ORDER BY""",
        ("tests/workspace/api/test_sends.py::test_two_workers_never_have_the_same_message",),
    ),
    Breakage(
        "a trigger is finished while nobody knows what became of some messages",
        "workspace/store/sql/ledger.sql",
        "state IN ('queued', 'sending', 'deferred', 'unknown'))",
        "state IN ('queued', 'sending', 'deferred'))",
        (f"{WORKER}test_an_unknown_outcome_waits_for_a_person_when_nothing_is_resent",),
    ),
    Breakage(
        "what comes late changes what is settled",
        "workspace/store/ledger.py",
        ' and legal(rows[change.delivery]["state"], change.state)',
        "",
        (f"{WORKER}test_an_answer_that_comes_when_all_is_settled_changes_nothing",),
    ),
    Breakage(
        "sending begins before the audience is written out",
        "workspace/engine/broadcast.py",
        "    await ledger.begin(job, contents, samples)\n",
        "        await ledger.begin(job, contents, samples)\n",
        (f"{WORKER}test_nothing_can_be_claimed_before_the_audience_is_written_out_completely",),
    ),
    Breakage(
        "a message that fails for every sampled person is sent all the same",
        "workspace/engine/broadcast.py",
        "        if failures and not rendered:",
        "        if False:",
        (f"{WORKER}test_a_message_that_fails_for_every_sampled_person_is_sent_to_nobody",),
    ),
    Breakage(
        "messages of a sandbox leave the machine",
        "workspace/store/sending.py",
        '    return "live" if get(tx).mode == "live" else "capture"',
        '    return "live"',
        (f"{WORKER}test_messages_of_a_sandbox_never_see_a_way_out",),
    ),
    Breakage(
        "suppressions are not looked at when a message is sent",
        "workspace/store/ledger.py",
        '    elif work["suppression"]:',
        "    elif False:",
        (f"{WORKER}test_people_who_leave_after_the_trigger_are_skipped_with_the_reason",),
    ),
    Breakage(
        "those who unsubscribed meanwhile get it all the same",
        "workspace/store/ledger.py",
        '    elif work["unwilling"]:',
        "    elif False:",
        (f"{WORKER}test_people_who_leave_after_the_trigger_are_skipped_with_the_reason",),
    ),
    Breakage(
        "a refusal of the mail server (5xx) counts as sent",
        "workspace/channels/smtp.py",
        "        return Receipt(Outcome.FAILED, words, code, suppress=suppress)",
        "        return Receipt(Outcome.SENT, words, code, suppress=suppress)",
        (RECEIPTS,),
    ),
    Breakage(
        "the mail server's later (4xx) is taken for a refusal",
        "workspace/channels/smtp.py",
        "        return Receipt(Outcome.DEFERRED, words, code, slow_down)",
        "        return Receipt(Outcome.FAILED, words, code, slow_down)",
        (RECEIPTS,),
    ),
    Breakage(
        "a message whose answer was lost counts as not sent",
        "workspace/channels/smtp.py",
        "        return Receipt(Outcome.QUEUED if lost.unsent else Outcome.UNKNOWN, str(lost))",
        "        return Receipt(Outcome.QUEUED, str(lost))",
        (RECEIPTS,),
    ),
    Breakage(
        "the transport that is down blames the recipients",
        "workspace/engine/dispatcher.py",
        "Result(message.delivery, Outcome.QUEUED, self._clock.now(), down.reason)",
        "Result(message.delivery, Outcome.FAILED, self._clock.now(), down.reason)",
        (f"{WORKER}test_a_transport_that_is_down_blames_nobody_and_goes_on_by_itself",),
    ),
    Breakage(
        "a transport that is down is tried with everything there is",
        "workspace/engine/dispatcher.py",
        "if self._stopping.is_set() or self._down else",
        "if self._stopping.is_set() else",
        (f"{WORKER}test_a_transport_that_is_down_gets_nothing_new_while_others_are_on_their_way",),
    ),
    Breakage(
        "a refused login is tried again and again",
        "workspace/engine/dispatcher.py",
        'None if down.kind == "login" else ',
        "",
        (f"{WORKER}test_a_refused_login_is_not_tried_again_before_a_restart",),
    ),
    Breakage(
        "a server that asks for less gets as much as before",
        "workspace/engine/dispatcher.py",
        "        if receipt.slow_down:",
        "        if False:",
        (f"{WORKER}test_a_server_that_asks_for_less_gets_one_message_at_a_time_in_the_end",),
    ),
    Breakage(
        "a POST is made again when nobody knows what became of it",
        "client/transport.py",
        "                if endpoint.changes or tries == TRIES or wait is None:",
        "                if tries == TRIES or wait is None:",
        (
            "tests/client/test_transport.py::test_nothing_that_changes_anything_is_ever_tried_twice",
            "tests/client/test_faults.py::test_a_trigger_is_written_once_whatever_becomes_of_the_answer",
        ),
    ),
    Breakage(
        "an unknown argument of a tool is dropped",
        "tools/tool.py",
        "        faults = [*self._unknown(arguments)]",
        "        faults: list[Fault] = []",
        ("tests/tools/test_bad_inputs.py::test_a_wrong_call_is_answered_the_same_through_python_and_mcp",),
    ),
    Breakage(
        "the same call twice is two sends",
        "workspace/store/triggers.py",
        "    if not anew and (earlier := ",
        "    if False and (earlier := ",
        (f"{TRIGGERS}test_the_same_call_is_one_trigger_for_ten_minutes_and_then_another",),
    ),
    Breakage(
        "a broadcast is triggered as often as anybody likes",
        "workspace/store/sql/triggers.sql",
        "WHERE id = :broadcast AND (triggered_at <= :now - :interval OR triggered_at > :now + :interval)",
        "WHERE id = :broadcast",
        (
            f"{TRIGGERS}test_a_broadcast_is_triggered_once_in_ten_seconds",
            f"{TRIGGERS}test_of_fifty_different_calls_at_once_one_is_accepted",
        ),
    ),
    Breakage(
        "an Idempotency-Key is taken twice",
        "workspace/store/idempotency.py",
        "    if row is None:\n        return None\n",
        "    return None\n",
        ("tests/workspace/api/test_idempotency.py::test_an_event_that_comes_twice_with_a_key_happens_once",),
    ),
    Breakage(
        "a workspace that is off sends all the same",
        "policy.py",
        '    if policy.mode == "off":\n        return Decision(',
        "    if False:\n        return Decision(",
        (
            RULES,
            f"{CALLS}test_the_rules_are_those_of_this_moment",
        ),
    ),
    Breakage(
        "one person more than the rules allow go without a yes",
        "policy.py",
        "people > most:",
        "people > most + 1:",
        (RULES,),
    ),
    Breakage(
        "a send of which nobody knows the size goes without a yes",
        "policy.py",
        "        if most != ANYONE:\n",
        "        if False:\n",
        (RULES,),
    ),
    Breakage(
        "half of all people go without a yes",
        "policy.py",
        "if everyone and people * 2 >= everyone:",
        "if everyone and people > everyone:",
        (RULES,),
    ),
    Breakage(
        "the people of a day are not added up",
        "policy.py",
        "    if reached + people > policy.daily_max:",
        "    if people > policy.daily_max:",
        (
            RULES,
            f"{CALLS}test_more_people_than_a_day_allows_wait",
        ),
    ),
    Breakage(
        "quiet hours are not kept",
        "policy.py",
        "if until := quiet_until(policy.quiet_hours, now):",
        "if until := None:",
        ("tests/test_policy.py::test_quiet_hours_hold_a_send_until_they_end",),
    ),
    Breakage(
        "a yes counts whatever number was typed",
        "workspace/store/approvals.py",
        "    if typed != approval.confirm:",
        "    if False:",
        (f"{APPROVALS}test_a_yes_is_for_the_right_number_of_people_and_is_used_once",),
    ),
    Breakage(
        "a yes is used twice",
        "workspace/store/approvals.py",
        '    if approval.state != "approved":',
        '    if approval.state not in ("approved", "used"):',
        (f"{APPROVALS}test_a_yes_is_for_the_right_number_of_people_and_is_used_once",),
    ),
    Breakage(
        "a yes is for whatever it has become meanwhile",
        "workspace/store/approvals.py",
        "if parts.get(name) != approval.parts.get(name)]",
        "if False]",
        (
            f"{APPROVALS}test_what_changed_after_the_yes_voids_it_and_is_named",
            f"{APPROVALS}test_every_step_is_in_the_log",
        ),
    ),
    Breakage(
        "a yes is good for ever",
        "workspace/store/approvals.py",
        "    if now >= (approval.decided_at or 0) + GOOD_FOR:",
        "    if False:",
        (f"{APPROVALS}test_a_yes_is_good_for_fifteen_minutes_and_a_question_for_a_day",),
    ),
    Breakage(
        "an entry of the audit log is changed",
        "workspace/store/migrations/0003_gate.sql",
        "BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;",
        "BEFORE UPDATE ON audit BEGIN SELECT 1; END;",
        (f"{APPROVALS}test_the_log_takes_no_change",),
    ),
    Breakage(
        "a changed entry of the audit log is taken for right",
        "workspace/store/audit.py",
        "        if found.hash != sealed(found, before):",
        "        if False:",
        (f"{APPROVALS}test_whatever_is_changed_or_taken_away_is_noticed",),
    ),
    Breakage(
        "a call that is being made to Customer.io is made again beside it",
        "workspace/store/calls.py",
        "    if earlier and not (earlier.state",
        "    if False and not (earlier.state",
        (f"{CALLS}test_events_that_happen_twice_are_two",),
    ),
    Breakage(
        "triggers at Customer.io are as quick as anybody likes",
        "workspace/store/calls.py",
        '        if not tx.run("sending.take_turn", turn):',
        '        if not tx.run("sending.take_turn", turn) and False:',
        (f"{CALLS}test_a_broadcast_has_one_turn_in_ten_seconds",),
    ),
    Breakage(
        "what may not go without a person goes",
        "workspace/store/holding.py",
        '    if decision.outcome == "go":\n        _start(tx, job, people,',
        '    if decision.outcome != "refuse":\n        _start(tx, job, people,',
        (f"{HOLDING}test_small_goes_and_big_waits",),
    ),
    Breakage(
        "what is sent counts for nothing in the limit of a day",
        "workspace/store/holding.py",
        "        sending.let_through(tx, people, now)\n",
        "",
        (f"{HOLDING}test_quiet_hours_end_by_themselves_unless_something_else_speaks_against_it",),
    ),
    Breakage(
        "what was sent is not in the audit log",
        "workspace/store/holding.py",
        '        audit.record(tx, audit.Entry("", "sent", via, told), now)\n',
        "",
        (f"{HOLDING}test_small_goes_and_big_waits",),
    ),
    Breakage(
        "a workspace that was switched off meanwhile sends what waits",
        "workspace/store/holding.py",
        "    if off := sending.off(tx):",
        '    if off := "":',
        (f"{HOLDING}test_a_mode_that_changed_meanwhile_is_obeyed",),
    ),
    Breakage(
        "a snippet that changed after the yes is sent",
        "workspace/store/holding.py",
        "**snippets(written), ",
        "",
        (f"{HOLDING}test_what_changed_after_the_yes_is_named_and_nothing_is_sent",),
    ),
    Breakage(
        "a trigger is accepted while sending is off",
        "workspace/store/triggers.py",
        "    if off := sending.off(tx):\n        return off\n",
        "",
        (f"{TRIGGERS}test_no_trigger_is_accepted_while_sending_is_off",),
    ),
    Breakage(
        "what was rendered before a stop still leaves",
        "workspace/store/stopping.py",
        '    stopped = set(tx.column("stopping.stopped"))\n',
        "    stopped: set[int] = set()\n",
        (f"{STOPPING}test_no_more_leaves_than_is_on_its_way",),
    ),
    Breakage(
        "what was stopped is let go on while sending is off",
        "workspace/store/stopping.py",
        '    if mode == "off" or (',
        "    if (",
        (f"{STOPPING}test_only_what_is_stopped_can_go_on_and_only_where_it_may",),
    ),
    Breakage(
        "a message to one person goes beyond the limits",
        "workspace/store/drafts.py",
        '    if transport == "capture":\n',
        "    if True:\n",
        ("tests/workspace/test_drafts.py::test_what_is_beyond_the_limits_is_a_draft_until_a_person_says_yes",),
    ),
    Breakage(
        "people of other domains get it, too",
        "workspace/store/ledger.py",
        "    if not allowed or not departures:\n",
        "    if True:\n",
        ("tests/workspace/test_drafts.py::test_every_address_on_the_envelope_must_be_of_an_allowed_domain",),
    ),
    Breakage(
        "a yes that a connection's rules no longer allow is carried out",
        "gate/gate.py",
        "        if refusal := _refusal(rules):\n            raise SendingRefused(refusal)\n        call",
        "        call",
        (f"{GATE}test_rules_that_were_tightened_hold_for_a_yes_as_well",),
    ),
    Breakage(
        "a read-only connection sends after a yes",
        "gate/gate.py",
        "    if rules.readonly:\n",
        "    if False:\n",
        (f"{GATE}test_rules_that_were_tightened_hold_for_a_yes_as_well",),
    ),
    Breakage(
        "what changed at Customer.io after the yes is sent",
        "gate/gate.py",
        "        if changed:\n",
        "        if False:\n",
        (
            f"{GATE}test_a_message_that_was_added_voids_the_yes",
            f"{GATE}test_a_snippet_that_is_used_is_part_of_what_is_approved",
        ),
    ),
    Breakage(
        "a connection in sandbox mode sends",
        "gate/gate.py",
        '        if rules.mode == "sandbox":\n            raise await self._only',
        "        if False:\n            raise await self._only",
        (f"{GATE}test_off_readonly_and_sandbox_refuse",),
    ),
    Breakage(
        "an event that starts a campaign is no send",
        "gate/pipelines.py",
        "starting = running is None or _starting(calls, running)",
        "starting = False",
        (f"{GATE}test_an_event_counts_as_a_send_when_a_running_campaign_waits_for_it",),
    ),
    Breakage(
        "an event is no send where nobody may know which campaigns run",
        "gate/pipelines.py",
        "starting = running is None or _starting(calls, running)",
        "starting = bool(running and _starting(calls, running))",
        (f"{GATE}test_an_event_counts_as_a_send_when_the_key_may_not_read_which_campaigns_run",),
    ),
    Breakage(
        "a mail goes to addresses outside of only_domains",
        "gate/sends.py",
        " if allowed(each, rules.only_domains)] for field in named}",
        "] for field in named}",
        (f"{GATE}test_addresses_of_a_message_are_counted_and_kept_to_the_domains",),
    ),
    Breakage(
        "one of several new triggers is taken for the lost one",
        "gate/gate.py",
        "if made and len(made) == 1:",
        "if made:",
        (f"{SETTLING}test_otherwise_nobody_can_tell_and_it_is_not_made_again",),
    ),
]
