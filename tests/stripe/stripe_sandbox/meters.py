"""Meters, their events, and sums of these."""

from .errors import StripeError, invalid
from .routes import route
from .store import Object, Store, paged

DEDUPE_S = 24 * 3600  # the window in which Stripe promises that an identifier is unique
WINDOWS = {"hour": 3600, "day": 86_400}
OLDEST_S, AHEAD_S = 35 * 86_400, 300


@route("post", "/v1/billing/meters")
def create(store: Store, params: Object) -> Object:
    if store.all("billing.meter", event_name=params["event_name"], status="active"):
        raise invalid(f"A meter already exists for {params['event_name']}.", param="event_name")
    return store.new(
        "billing.meter", "mtr",
        display_name=params["display_name"], event_name=params["event_name"], status="active",
        default_aggregation=params["default_aggregation"],
        customer_mapping=params.get(
            "customer_mapping", {"type": "by_id", "event_payload_key": "stripe_customer_id"}
        ),
        value_settings=params.get("value_settings", {"event_payload_key": "value"}),
        event_time_window=params.get("event_time_window"), updated=store.now(),
    )  # fmt: skip


@route("get", "/v1/billing/meters")
def search(store: Store, params: Object) -> Object:
    return store.page("billing.meter", params, "status")


@route("post", "/v1/billing/meter_events")
def record(store: Store, params: Object) -> Object:
    meters = store.all("billing.meter", event_name=params["event_name"], status="active")
    if not meters:
        raise invalid(
            f"No active meter found for event name {params['event_name']}.", param="event_name"
        )
    payload = params["payload"]
    customer = payload.get(meters[0]["customer_mapping"]["event_payload_key"], "")
    value = payload.get(meters[0]["value_settings"]["event_payload_key"], "")
    store.get("customer", customer)
    if not value.isdigit():
        raise invalid("The value of a meter event is a whole number.", param="payload[value]")
    when = params.get("timestamp", store.now())
    if not store.now() - OLDEST_S <= when <= store.now() + AHEAD_S:
        raise invalid("The timestamp is outside the window.", code="timestamp_too_far_in_past")
    identifier = params.get("identifier")
    for event in store.all("billing.meter_event", identifier=identifier) if identifier else []:
        if store.now() - event["created"] <= DEDUPE_S:
            raise StripeError(
                400, "invalid_request_error",
                f"An event already exists with identifier {identifier}.",
                code="resource_already_exists",
            )  # fmt: skip
    event = store.new(
        "billing.meter_event", "mev",
        event_name=params["event_name"], identifier=identifier, payload=payload, timestamp=when,
    )  # fmt: skip
    event["identifier"] = identifier or event["id"]
    return event


@route("get", "/v1/billing/meters/{id}/event_summaries")
def summaries(store: Store, params: Object, id: str) -> Object:
    meter = store.get("billing.meter", id)
    if params["start_time"] % 60 or params["end_time"] % 60:
        raise invalid("Times must align with minute boundaries.", param="start_time")
    key = meter["customer_mapping"]["event_payload_key"]
    events = [
        event
        for event in store.all("billing.meter_event", event_name=meter["event_name"])
        if event["payload"].get(key) == params["customer"]
        and params["start_time"] <= event["timestamp"] < params["end_time"]
    ]
    name = meter["value_settings"]["event_payload_key"]
    start, end = params["start_time"], params["end_time"]
    step = WINDOWS.get(params.get("value_grouping_window", ""), end - start)
    if step in WINDOWS.values() and (start % step or end % step):
        raise invalid("Times must align with the grouping window.", param="start_time")
    sums: dict[int, int] = {}
    for event in events:
        since = start + (event["timestamp"] - start) // step * step
        sums[since] = sums.get(since, 0) + int(event["payload"][name])
    found = [
        {
            "id": f"mtrusg_{id}_{since}", "object": "billing.meter_event_summary",
            "livemode": False, "meter": id, "aggregated_value": sums[since],
            "start_time": since, "end_time": since + step,
        }
        for since in sorted(sums, reverse=True)
    ]  # fmt: skip
    return paged(found, params, f"/v1/billing/meters/{id}/event_summaries")
