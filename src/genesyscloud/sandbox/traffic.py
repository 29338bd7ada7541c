"""A past that never happened: conversations of a period, made from a seed.

What is kept of it is a *batch*: the parameters (:class:`Batch`), a few kilobytes of JSON whatever the number of
conversations. The records are made again from it when somebody looks, the same ones every time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random

import msgspec

from .conversations.record import Conversation, Participant, Segment, Session

__all__ = ["Batch", "generate"]

HOUR = 3_600_000
#: How busy the hours of a day are, in UTC.
BY_HOUR = (1, 1, 1, 1, 1, 2, 6, 22, 55, 88, 100, 95, 78, 82, 92, 86, 72, 48, 24, 14, 8, 5, 3, 2)
#: How busy the days of a week are, Monday first.
BY_DAY = (1.0, 0.95, 0.92, 0.94, 0.9, 0.35, 0.18)
#: Shares of the media, in per cent, added up.
SHARES = ((60, "voice"), (66, "callback"), (78, "email"), (94, "message"), (100, "chat"))
MESSAGE_TYPES = ("webmessaging", "webmessaging", "webmessaging", "whatsapp", "sms", "open", "facebook")
FIRST = ("Alba", "Boris", "Carla", "Dmitri", "Edith", "Femi", "Gita", "Hugo", "Ivy", "Jorge", "Kira", "Liam", "Mona",
         "Nils", "Olga", "Pablo", "Ravi", "Sara", "Timo", "Vera")  # fmt: skip
LAST = ("Adams", "Berg", "Cohen", "Diaz", "Evans", "Fuchs", "Gupta", "Hansen", "Ito", "Klein", "Lopez", "Meyer", "Nagy",
        "Owusu", "Popov", "Rahman", "Silva", "Torres", "Urban", "Weiss")  # fmt: skip
SUBJECTS = ("Question about my invoice", "Where is my order?", "Please cancel my contract", "New address", "Thank you",
            "Warranty", "I cannot log in", "Return of goods")  # fmt: skip


class Batch(msgspec.Struct, frozen=True):
    """What a past is made from.

    Args:
        seed: the same seed gives the same conversations, ids included.
        start: begin of the period, in milliseconds since the epoch.
        end: its end; no conversation goes beyond it.
        count: number of conversations.
        queues: ids of the users who serve a queue, by id of queue.
        names: names of these users by id.
        codes: ids of wrap-up codes.
        division: id of the division.
        abandoned: share of inbound conversations whose customer gives up waiting, from 0 to 1.
        transferred: share of conversations that are transferred to another queue.
    """

    seed: str
    start: int
    end: int
    count: int
    queues: dict[str, list[str]]
    names: dict[str, str]
    codes: list[str]
    division: str
    abandoned: float = 0.08
    transferred: float = 0.07


def generate(batch: Batch) -> list[Conversation]:
    """The conversations of a batch, ordered by their start.

    Example:
        >>> generate(Batch("1", 0, 86_400_000, 2, {"q": ["u"]}, {"u": "Ada"}, ["c"], "d"))[0].participants[0].purpose
        'customer'
    """
    if not batch.count or not batch.queues:
        return []
    maker = _Maker(batch)
    found = [maker.make(start) for start in maker.starts()]
    found.sort(key=lambda conversation: conversation.start)
    return found


class _Maker:
    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._random = Random(f"traffic\x1f{batch.seed}")
        self._queues = [queue for queue, staff in batch.queues.items() if staff] or list(batch.queues)
        self._numbers = {queue: f"tel:+1317555{at % 10000:04d}" for at, queue in enumerate(batch.queues)}
        self._busy: dict[str, int] = {}
        self._divisions = (batch.division,)

    def starts(self) -> list[int]:
        """When conversations begin: more of them when people are at work."""
        first, last = self._batch.start // HOUR, max(self._batch.start // HOUR, (self._batch.end - 1) // HOUR)
        hours = list(range(first, last + 1))
        weights = [BY_HOUR[hour % 24] * BY_DAY[datetime.fromtimestamp(hour * 3600, UTC).weekday()] for hour in hours]
        chosen = self._random.choices(hours, weights, k=self._batch.count)
        width = self._batch.end - self._batch.start
        found = [hour * HOUR + int(self._random.random() * HOUR) - self._batch.start for hour in chosen]
        # What the first and the last hour have outside the period comes in again at its other end.
        return sorted(self._batch.start + offset % max(width, 1) for offset in found)

    def _id(self) -> str:
        text = f"{self._random.getrandbits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"

    def _span(self, mean: float) -> int:
        """A duration around ``mean`` seconds, in milliseconds; long ones are rare."""
        return 1000 + int(self._random.gammavariate(2.0, mean * 500))

    def _agent(self, queue_id: str, at: int) -> str:
        """Somebody of the queue who is free, if one of a few is."""
        staff = self._batch.queues[queue_id]
        if not staff:
            return ""
        found = staff[int(self._random.random() * len(staff))]
        for _ in range(3):
            if self._busy.get(found, 0) <= at:
                break
            found = staff[int(self._random.random() * len(staff))]
        return found

    def make(self, start: int) -> Conversation:
        """One conversation; it is moved back when it would go beyond the end of the period."""
        drawn = self._random.random() * 100
        media = next(name for share, name in SHARES if drawn < share)
        outbound = media == "voice" and self._random.random() < 0.15
        queue = self._queues[int(self._random.random() ** 1.5 * len(self._queues))]
        made = self._outbound(start, queue) if outbound else self._inbound(start, media, queue)
        over = max(s.end or 0 for p in made.participants for n in p.sessions for s in n.segments) - self._batch.end
        return _moved(made, min(over, made.start - self._batch.start)) if over > 0 else made

    def _customer(self, media: str, queue_id: str, direction: str) -> tuple[str, str, str]:
        """Name and address of a customer, and the address of the organization."""
        rnd = self._random
        name = f"{FIRST[int(rnd.random() * len(FIRST))]} {LAST[int(rnd.random() * len(LAST))]}"
        number = int(rnd.random() * 10_000_000)
        if media == "email":
            return name, f"{name.replace(' ', '.').lower()}{number % 100}@example.com", "service@sandbox.example"
        if media in ("message", "chat"):
            return name, f"+1463{number:07d}", "sandbox"
        return name, f"tel:+1463{number:07d}", self._numbers[queue_id]

    def _inbound(self, start: int, media: str, queue: str) -> Conversation:
        rnd, batch = self._random, self._batch
        name, address, own = self._customer(media, queue, "inbound")
        type_ = MESSAGE_TYPES[int(rnd.random() * len(MESSAGE_TYPES))] if media == "message" else ""
        subject = SUBJECTS[int(rnd.random() * len(SUBJECTS))] if media == "email" else ""

        def session(direction: str, queue_id: str, segments: tuple[Segment, ...], **more: object) -> Session:
            made = Session(self._id(), media, direction, "disconnected", segments, queue_id, own, address,
                           "Edge" if media == "voice" else "PureCloud Messaging", message_type=type_,
                           subject=subject)  # fmt: skip
            if media == "callback":
                more |= {"callback_numbers": (address[4:],), "callback_name": name}
            return msgspec.structs.replace(made, **more) if more else made

        at = start
        participants: list[Participant] = []
        if media == "voice":
            at += self._span(25)
            flow = session("inbound", "", (Segment("ivr", start, at, disconnect="transfer"),))
            participants.append(Participant(self._id(), "ivr", (flow,), "Welcome"))
        legs = 2 if rnd.random() < batch.transferred and len(self._queues) > 1 else 1
        patience = {"voice": 35, "callback": 120, "email": 900}.get(media, 45)
        ended, agent = at, ""
        for leg in range(legs):
            if leg:
                queue = self._queues[int(rnd.random() * len(self._queues))]
            begun, waited = at, self._span(patience)
            agent = self._agent(queue, at + waited)
            at += waited
            gone = not agent or (not leg and media in ("voice", "chat", "message") and rnd.random() < batch.abandoned)
            how = "peer" if gone else "transfer"
            waiting = session("inbound", queue, (Segment("interact", begun, at, queue, disconnect=how),))
            participants.append(Participant(self._id(), "acd", (waiting,), queue_id=queue))
            ended = at
            if gone:
                break
            segments, at, after = self._handling(at, begun, media, queue, last=leg == legs - 1)
            self._busy[agent] = after
            marks = () if leg == legs - 1 else (("nTransferred", at), ("nBlindTransferred", at))
            talking = session("inbound", queue, segments, recording=media == "voice", marks=marks)
            participants.append(Participant(self._id(), "agent", (talking,), batch.names.get(agent, ""), agent, queue,
                                            wrapup_prompt="MANDATORY"))  # fmt: skip
            ended = at
        whole = session("inbound", "", (Segment("interact", start, ended, disconnect="peer" if agent else "client"),))
        caller = Participant(self._id(), "customer", (whole,), name, address=address)
        return Conversation(self._id(), media, "inbound", start, ended, (caller, *participants), self._divisions)

    def _handling(
        self, at: int, earliest: int, media: str, queue: str, *, last: bool
    ) -> tuple[tuple[Segment, ...], int, int]:
        """The segments of an agent who answers at ``at``; when the agent lets go, and when the work after it ends."""
        rnd = self._random
        rung = max(earliest, at - 2000 - int(rnd.random() * 6000))
        segments = [Segment("alert", rung, at, queue)]
        talk = self._span({"voice": 240, "email": 420, "callback": 200}.get(media, 330) * (1 if last else 0.4))
        if media in ("voice", "callback") and rnd.random() < 0.18:
            part = talk // 2
            held = self._span(40)
            segments.append(Segment("interact", at, at + part, queue))
            segments.append(Segment("hold", at + part, at + part + held, queue))
            at += part + held
            talk -= part
        end = at + talk
        how = ("peer" if rnd.random() < 0.6 else "client") if last else "transfer"
        segments.append(Segment("interact", at, end, queue, disconnect=how))
        after = end + self._span(35)
        codes = self._batch.codes
        code = codes[int(rnd.random() ** 2 * len(codes))] if codes else ""
        segments.append(Segment("wrapup", end, after, queue, wrapup_code=code))
        return tuple(segments), end, after

    def _outbound(self, start: int, queue: str) -> Conversation:
        rnd, batch = self._random, self._batch
        name, address, own = self._customer("voice", queue, "outbound")
        agent = self._agent(queue, start)
        dialed = start + 3000 + int(rnd.random() * 20_000)
        reached = bool(agent) and rnd.random() < 0.7
        segments = [Segment("contacting", start, start + 1500, queue), Segment("dialing", start + 1500, dialed, queue)]
        end = dialed
        if reached:
            more, end, after = self._handling(dialed, start + 1500, "voice", queue, last=True)
            segments += more[1:]
            self._busy[agent] = after
        else:
            segments[-1] = msgspec.structs.replace(segments[-1], disconnect="client")
        calling = Session(self._id(), "voice", "outbound", "disconnected", tuple(segments), queue, own, address, "Edge",
                          recording=reached)  # fmt: skip
        seen = (Segment("dialing", start + 1500, dialed), *((Segment("interact", dialed, end),) if reached else ()))
        far = Session(self._id(), "voice", "outbound", "disconnected", seen, "", own, address, "Edge")
        participants = (
            Participant(self._id(), "agent", (calling,), batch.names.get(agent, ""), agent, queue,
                        wrapup_prompt="MANDATORY"),
            Participant(self._id(), "customer", (far,), name, address=address),
        )  # fmt: skip
        return Conversation(self._id(), "voice", "outbound", start, end, participants, self._divisions)


def _moved(made: Conversation, by: int) -> Conversation:
    """The conversation ``by`` milliseconds earlier."""

    def segments(found: Sequence[Segment]) -> tuple[Segment, ...]:
        return tuple(
            msgspec.structs.replace(s, start=s.start - by, end=None if s.end is None else s.end - by) for s in found
        )

    participants = tuple(
        msgspec.structs.replace(
            p,
            sessions=tuple(
                msgspec.structs.replace(
                    s, segments=segments(s.segments), marks=tuple((name, at - by) for name, at in s.marks)
                )
                for s in p.sessions
            ),
        )
        for p in made.participants
    )
    end = None if made.end is None else made.end - by
    return msgspec.structs.replace(made, start=made.start - by, end=end, participants=participants)
