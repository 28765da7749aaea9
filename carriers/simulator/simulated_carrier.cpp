#include "carriers/simulator/simulated_carrier.hpp"

#include <algorithm>
#include <stdexcept>

namespace dialer::carriers::simulator {

simulated_carrier::simulated_carrier(carrier_name carrier, carrier_setup setup, outputs& out)
    : carrier_{carrier},
      setup_{std::move(setup)},
      out_{out},
      dice_{setup_.rules, carrier, setup_.seed},
      calls_{setup_.reference_salt},
      inbound_refs_{~setup_.reference_salt},
      shelf_{setup_.rules, carrier, setup_.seed, setup_.reference_salt},
      desk_{carrier,
            setup_.rules,
            dice_,
            out,
            [this](const callback_draft& draft, int delivery, utc_time now, callback_post& post) {
              finish_callback(draft, delivery, now, post);
            },
            [this](const callback_draft& draft, const callback_result& result, utc_time now) {
              hear(draft, result, now);
            }} {
  for (const auto& each : setup_.accounts) {
    for (const auto& other : accounts_) {
      if (other.id == each.id) throw std::invalid_argument("account " + each.id + " is given twice; give it once");
    }
    account_state state;
    state.id = each.id;
    state.secret = each.secret;
    state.limits = setup_.rules.limits_of(carrier, each.id);
    accounts_.push_back(std::move(state));
  }
  hold_scripted_numbers();
}

simulated_carrier::~simulated_carrier() = default;

void simulated_carrier::hold_scripted_numbers() {
  for (const auto& each : setup_.rules.numbers) {
    if (each.carrier != carrier_ || each.account.empty()) continue;
    const auto holder = std::ranges::find(accounts_, each.account, &account_state::id);
    if (holder == accounts_.end()) {
      throw std::invalid_argument("the scenario gives " + each.number + " to account " + each.account +
                                  ", which is not simulated; start the simulator with it or leave out account");
    }
    if (shelf_.find(each.number)) throw std::invalid_argument("the scenario gives " + each.number + " to two accounts");
    auto what = describe_number(each.number, each.kind);
    what.kind = each.kind;
    auto& held = shelf_.hold(key_holder(static_cast<std::size_t>(holder - accounts_.begin())), std::move(what), {});
    held.settings[carrier_ == carrier_name::twilio ? "friendly_name" : "customer_reference"] = each.friendly_name;
    if (carrier_ == carrier_name::twilio) held.settings["voice_url"] = each.voice_url;
    if (carrier_ == carrier_name::telnyx) held.settings["connection_id"] = each.account;
  }
}

std::size_t simulated_carrier::key_holder(std::size_t index) const {
  const auto same = std::ranges::find(accounts_, accounts_[index].secret, &account_state::secret);
  return carrier_ == carrier_name::telnyx ? static_cast<std::size_t>(same - accounts_.begin()) : index;
}

bool simulated_carrier::may_show(std::size_t index, std::string_view from) {
  if (!accounts_[index].limits.held_numbers_only) return true;
  const auto* held = shelf_.find(from);
  return held && held->account == key_holder(index);
}

api_operation simulated_carrier::operation_of(endpoint where) noexcept {
  switch (where) {
    case endpoint::create_call: return api_operation::create;
    case endpoint::fetch_call: return api_operation::fetch;
    case endpoint::list_calls:
    case endpoint::list_events: return api_operation::list;
    case endpoint::change_call:
    case endpoint::command_call: return api_operation::change;
    case endpoint::read_account:
    case endpoint::read_balance: return api_operation::account;
    case endpoint::search_numbers:
    case endpoint::list_orders:
    case endpoint::fetch_order:
    case endpoint::list_numbers:
    case endpoint::fetch_number: return api_operation::number_read;
    case endpoint::buy_number: return api_operation::number_buy;
    case endpoint::change_number: return api_operation::number_change;
    case endpoint::release_number: return api_operation::number_release;
    case endpoint::agent:  // not the carrier's own
    case endpoint::ring_number:
    case endpoint::none: break;
  }
  return api_operation::unknown;
}

api_answer simulated_carrier::handle(const api_request& request, utc_time now) {
  advance(now);
  ++requests_;
  placed_ref_.clear();
  auto routed = route(request, now);
  const auto operation = operation_of(routed.where);
  std::uint64_t ordinal = requests_;
  if (routed.where == endpoint::create_call) {
    log_entry entry = entry_for(routed, log_event::create_received, now);
    entry.from = routed.order.from;
    entry.token = routed.order.token;
    entry.command_id = routed.order.command_id;
    record(entry);
    ordinal = creates_to_[routed.order.to]++;
  } else if (routed.where == endpoint::buy_number) {
    ordinal = buys_of_[routed.order.to]++;
  }
  const auto faults = dice_.roll_request(operation, routed.order.to, ordinal);
  if (routed.account) ++accounts_[*routed.account].requests_in_flight;
  auto answer = answer_with_faults(routed, faults, now);
  answer.latency += std::chrono::milliseconds{faults.delay_ms};
  if (routed.account) {
    answer.account = static_cast<int>(*routed.account);
    answer.headers += answer_headers(*routed.account);
  }
  return answer;
}

api_answer simulated_carrier::refuse_create(const routed_request& request, api_answer answer, std::string_view code,
                                            utc_time now) {
  const bool purchase = request.where == endpoint::buy_number;
  if (request.where == endpoint::create_call || purchase) {
    log_entry entry = entry_for(request, purchase ? log_event::number_refused : log_event::create_refused, now);
    entry.status = answer.status;
    entry.code = code;
    record(entry);
  }
  return answer;
}

void simulated_carrier::record_number(log_event event, const routed_request& request, std::string_view number,
                                      std::string_view ref, utc_time now) {
  log_entry entry = entry_for(request, event, now);
  if (request.account) entry.account = accounts_[*request.account].id;
  entry.to = number;
  entry.ref = ref;
  record(entry);
}

void simulated_carrier::record_lookup(log_event event, const routed_request& request, int status, std::int64_t count,
                                      utc_time now) {
  log_entry entry = entry_for(request, event, now);
  entry.ref = request.ref;
  entry.from = request.order.from;
  entry.status = status;
  entry.count = count;
  record(entry);
}

log_entry simulated_carrier::entry_for(const routed_request& request, log_event event, utc_time now) const {
  log_entry entry;
  entry.event = event;
  entry.at = now;
  entry.carrier = carrier_;
  entry.request = requests_;
  entry.account = request.claimed_account;
  entry.to = request.order.to;
  return entry;
}

log_entry simulated_carrier::entry_for(const call_record& call, log_event event, utc_time now) const {
  log_entry entry;
  entry.event = event;
  entry.at = now;
  entry.carrier = carrier_;
  entry.ref = ref_text(call);
  return entry;
}

void simulated_carrier::answer_finished(int account_index) {
  if (account_index >= 0) --accounts_[static_cast<std::size_t>(account_index)].requests_in_flight;
}

void simulated_carrier::callback_done(std::uint64_t id, callback_result result, utc_time now) {
  desk_.done(id, result, now);
}

std::optional<utc_time> simulated_carrier::next_due() const {
  auto next = desk_.next_due();
  if (!timeline_.empty() && (!next || timeline_.top().at < *next)) next = timeline_.top().at;
  return next;
}

void simulated_carrier::advance(utc_time now) {
  for (;;) {
    const auto desk_due = desk_.next_due();
    const bool desk_first = desk_due && (timeline_.empty() || *desk_due <= timeline_.top().at);
    if (desk_first && *desk_due <= now) {
      desk_.advance(*desk_due);
    } else if (!timeline_.empty() && timeline_.top().at <= now) {
      const auto item = timeline_.top();
      timeline_.pop();
      run(item);
    } else {
      return;
    }
  }
}

void simulated_carrier::schedule(utc_time at, step what, std::size_t subject) {
  timeline_.push({at, ++scheduled_, what, subject});
}

void simulated_carrier::run(const due& item) {
  if (item.what == step::slot) {
    run_slot(item.subject, item.at);
    return;
  }
  if (item.what == step::order) {
    settle_order(item.subject, item.at);
    return;
  }
  if (item.what == step::leg) {
    settle_leg(item.subject, item.at);
    return;
  }
  auto& call = calls_.at(item.subject);
  switch (item.what) {
    case step::ring: ring(call, item.at); break;
    case step::answer: answer(call, item.at); break;
    case step::verdict: verdict(call, item.at); break;
    default: finish_as_planned(call, item.at); break;
  }
}

}  // namespace dialer::carriers::simulator
