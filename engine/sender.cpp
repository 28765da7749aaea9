#include "engine/sender.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <unordered_map>

#include "carriers/codec.hpp"
#include "engine/base_url.hpp"

namespace dialer::engine {
namespace {

// A ticket whose time runs out while no connection is free is noticed so much later at the most.
constexpr std::chrono::milliseconds expiry_look{100};
// Calls taken are reported together, as each report costs its reader a look: while at least so many times as many wait.
constexpr std::size_t waiting_per_taken = 8;

}  // namespace

struct sender::impl : carriers::http::request_source, std::enable_shared_from_this<sender::impl> {
  impl(boost::asio::io_context& io, std::shared_ptr<send_queue> from, sender_options with, const clock& time_source,
       event_sink& sink)
      : queue{std::move(from)},
        options{std::move(with)},
        time{time_source},
        events{sink},
        signer{options.token_key},
        codec{carriers::make_codec(*queue->account())},
        encoded_for{queue->account()},
        pace_timer{io},
        expiry_timer{io},
        pool{io, pool_options(), *this} {}

  carriers::http::pool_options pool_options() const {
    const base_url url = parse_base_url(queue->account()->base_url);
    carriers::http::pool_options made;
    made.host = url.host;
    made.port = url.port;
    made.ca_file = queue->account()->ca_file;
    made.connections_max = options.connections_max;
    made.request_timeout = options.request_timeout;
    return made;
  }

  // What is in flight, by tag.
  struct in_flight {
    std::shared_ptr<send_ticket> call;  // or
    question_ticket question;
  };

  std::uint64_t next_request(std::string& bytes) override {
    if (!renew_codec()) {
      look_for_expired();
      return 0;
    }
    question_ticket question;
    if (questions_out < options.questions_max && queue->questions.try_dequeue(question)) {
      encode(question, bytes);
      ++questions_out;
      return track({nullptr, std::move(question)});
    }
    return next_call(bytes);
  }

  std::uint64_t next_call(std::string& bytes) {
    while (held || queue->calls.try_dequeue(held)) {
      const instant now = time.now();
      if (held->vetoed()) {
        drop_held();
        continue;
      }
      if (!held->call.permit.valid_at(now)) {
        expire_held();
        continue;
      }
      if (const steady_time at = queue->budget.take(now.steady); at > now.steady) {
        // A pause can be longer than the permission to call: its owner must hear of that in time.
        wake_at(std::min(at, held->call.permit.send_before()) - now.steady);
        return 0;
      }
      // The last look: from here on the call is written, whatever changes.
      if (!held->claim()) {
        queue->budget.give_back(now.steady);
        drop_held();
        continue;
      }
      std::shared_ptr<send_ticket> ticket = std::exchange(held, nullptr);
      note_taken(*ticket);
      token.clear();
      signer.sign(ticket->token, token);
      const send_call& call = ticket->call;
      const carriers::call_options settings{*call.answer_url, options.callback_base_url, call.ring_timeout,
                                            call.call_time_limit, call.machine_detection};
      codec->encode_create(settings, std::move(ticket->call.permit), call.attempt, token, bytes);
      return track({std::move(ticket), {}});
    }
    return 0;
  }

  void on_answer(std::uint64_t tag, const carriers::http::http_answer& answer) override {
    const auto found = flying.find(tag);
    if (found == flying.end()) return;
    const in_flight what = std::move(found->second);
    flying.erase(found);
    if (what.call) {
      events.post(what.call->token.organisation,
                  create_answered{what.call->call.attempt, codec->decode_create(answer), reason::none});
      return;
    }
    --questions_out;
    answer_question(what.question, answer);
  }

  bool wants_connection() const override {
    return held != nullptr || queue->calls.size_approx() != 0 || queue->questions.size_approx() != 0;
  }

  void on_connect_failure(std::string_view) override {
    connect_failed = true;
    look_for_expired();
  }

  // --- calls ---

  void note_taken(const send_ticket& ticket) {
    taken_for = ticket.token.organisation;
    taken.integration = ticket.call.integration;
    if (++taken.count * waiting_per_taken > queue->calls.size_approx()) report_taken();
  }

  void report_taken() {
    if (taken.count != 0) events.post(taken_for, sends_taken{taken});
    taken.count = 0;
  }

  void drop_held() {
    note_taken(*held);
    held.reset();
  }

  void expire_held() {
    if (held->veto()) {
      carriers::create_answer answer;
      answer.what = carriers::answer_class::not_sent;
      answer.react = carriers::reaction::retry;
      answer.circuit = std::exchange(connect_failed, false);
      events.post(held->token.organisation,
                  create_answered{held->call.attempt, std::move(answer), reason::permit_expired});
    }
    drop_held();
  }

  // While the carrier can't be reached nothing is pulled; permits run out all the same.
  void look_for_expired() {
    if (stopping) return;
    const instant now = time.now();
    while (held || queue->calls.try_dequeue(held)) {
      if (held->vetoed()) {
        drop_held();
      } else if (!held->call.permit.valid_at(now)) {
        expire_held();
      } else {
        break;
      }
    }
    if (!held) return;
    expiry_timer.expires_after(expiry_look);
    expiry_timer.async_wait([self = shared_from_this()](boost::system::error_code error) {
      if (!error) self->look_for_expired();
    });
  }

  void wake_at(std::chrono::microseconds from_now) {
    pace_timer.expires_after(from_now);
    pace_timer.async_wait([self = shared_from_this()](boost::system::error_code error) {
      if (!error) self->pool.wake();
    });
  }

  // --- questions ---

  void encode(const question_ticket& question, std::string& bytes) {
    if (const auto* ask = std::get_if<look_up>(&question.what)) {
      codec->encode_list({ask->to, ask->from, ask->sent_not_before, ask->next}, bytes);
    } else if (const auto* fetch = std::get_if<fetch_call>(&question.what)) {
      codec->encode_fetch(fetch->call_ref, bytes);
    } else if (const auto* end = std::get_if<cancel_call>(&question.what)) {
      codec->encode_cancel(end->call_ref, end->ringing_only, bytes);
    } else {
      codec->encode_probe(bytes);
    }
  }

  void answer_question(const question_ticket& question, const carriers::http::http_answer& answer) {
    if (const auto* ask = std::get_if<look_up>(&question.what)) {
      carriers::call_page page = codec->decode_list(answer);
      settle_tokens(page.calls, question.organisation, ask->attempt);
      events.post(question.organisation, looked_up{ask->attempt, std::move(page)});
    } else if (const auto* fetch = std::get_if<fetch_call>(&question.what)) {
      events.post(question.organisation, call_fetched{fetch->attempt, codec->decode_fetch(answer)});
    } else if (const auto* end = std::get_if<cancel_call>(&question.what)) {
      events.post(question.organisation, call_canceled{end->attempt, end->call_ref, codec->decode_cancel(answer)});
    } else {
      const auto& probe = std::get<probe_account>(question.what);
      events.post(question.organisation, account_probed{probe.integration, codec->decode_probe(answer)});
    }
  }

  // A listing that echoes a token tells whose call it is: another attempt's is taken out. A token that can't be
  // verified - signed with another key, or the agent's own text - tells nothing, and the call may be this attempt's all
  // the same.
  void settle_tokens(std::vector<carriers::listed_call>& calls, const organisation_id& organisation,
                     attempt_id attempt) const {
    std::vector<carriers::listed_call> kept;
    for (carriers::listed_call& call : calls) {
      const auto owner = signer.verify(call.token);
      if (owner && (owner->organisation != organisation || owner->attempt != attempt)) continue;
      if (!owner) call.token.clear();
      kept.push_back(std::move(call));
    }
    calls = std::move(kept);
  }

  std::uint64_t track(in_flight&& what) {
    const std::uint64_t tag = ++last_tag;
    flying.emplace(tag, std::move(what));
    return tag;
  }

  // New credentials take effect with the next request. False: the account is somewhere else now.
  bool renew_codec() {
    auto current = queue->account();
    if (current == encoded_for) return true;
    if (current->base_url != encoded_for->base_url || current->ca_file != encoded_for->ca_file) return false;
    codec = carriers::make_codec(*current);
    encoded_for = std::move(current);
    return true;
  }

  std::shared_ptr<send_queue> queue;
  sender_options options;
  const clock& time;
  event_sink& events;
  carriers::token_signer signer;
  std::unique_ptr<carriers::codec> codec;
  std::shared_ptr<const carriers::account> encoded_for;
  boost::asio::steady_timer pace_timer;
  boost::asio::steady_timer expiry_timer;
  carriers::http::https_pool pool;

  std::shared_ptr<send_ticket> held;  // pulled, waiting for a call start
  sends_taken taken;                  // not yet reported ...
  organisation_id taken_for;          // ... to the account's organisation
  std::string token;
  std::unordered_map<std::uint64_t, in_flight> flying;
  std::uint64_t last_tag = 0;
  std::size_t questions_out = 0;
  bool connect_failed = false;
  bool stopping = false;
};

sender::sender(boost::asio::io_context& io, std::shared_ptr<send_queue> queue, sender_options options,
               const clock& time, event_sink& events)
    : impl_{std::make_shared<impl>(io, std::move(queue), std::move(options), time, events)} {
  impl_->queue->on_wake([weak = std::weak_ptr<impl>{impl_}] {
    const auto alive = weak.lock();
    if (alive) alive->pool.wake();
    return alive != nullptr;
  });
}

sender::~sender() = default;

void sender::warm(std::size_t connections) {
  impl_->pool.warm(connections);
}

void sender::stop(std::function<void()> stopped) {
  impl_->stopping = true;
  impl_->pace_timer.cancel();
  impl_->expiry_timer.cancel();
  impl_->report_taken();
  if (impl_->held) {
    impl_->queue->calls.enqueue(std::exchange(impl_->held, nullptr));
    impl_->queue->wake_all();
  }
  impl_->pool.stop(std::move(stopped));
}

const send_queue& sender::queue() const {
  return *impl_->queue;
}

const carriers::http::pool_stats& sender::stats() const {
  return impl_->pool.stats();
}

}  // namespace dialer::engine
