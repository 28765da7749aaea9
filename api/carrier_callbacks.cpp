#include "api/carrier_callbacks.hpp"

#include <atomic>
#include <optional>
#include <utility>

#include "carriers/codec.hpp"

namespace dialer::api {

struct carrier_callbacks::impl : std::enable_shared_from_this<impl> {
  impl(callback_settings given, account_source source, callback_inbox& box, const clock& wall,
       std::function<void(std::string)> warner, actor acting)
      : settings{std::move(given)},
        gate{settings.public_url, settings.body_bytes_max, std::move(source), wall, std::move(warner)},
        inbox{box},
        act{std::move(acting)},
        time{wall},
        signer{settings.token_key} {}

  /// What to do with a callback: refuse it, acknowledge and forget it, or store it.
  struct judgement {
    std::optional<callback_refusal> refused{};
    std::optional<carriers::callback> event{};
    carriers::attempt_token token{};
    std::shared_ptr<const owned_account> over{};
  };
  judgement judge(carriers::carrier_kind kind, const http_request& request) const;
  void handle(carriers::carrier_kind kind, const http_request& request, const respond_function& respond);

  // Constant after construction.
  callback_settings settings;
  callback_gate gate;
  callback_inbox& inbox;
  actor act;
  const clock& time;
  carriers::token_signer signer;
  // Any thread.
  std::atomic<std::uint64_t> stored{0};
  std::atomic<std::uint64_t> ignored{0};
};

carrier_callbacks::impl::judgement carrier_callbacks::impl::judge(carriers::carrier_kind kind,
                                                                  const http_request& request) const {
  callback_gate::received callback;
  gate.receive(request, callback);
  callback_refusal why{};
  const auto owner = gate.admit(kind, callback, why);
  if (!owner) return {.refused = why};

  judgement result;
  result.event = kind == carriers::carrier_kind::twilio ? carriers::decode_twilio_callback(callback.what)
                                                        : carriers::decode_telnyx_callback(callback.what);
  if (!result.event) return result;  // the carrier tells more than we use
  const auto token = signer.verify(result.event->token);
  if (!token || time.now().utc - token->issued_at > settings.token_age_max)
    return {.refused = callback_refusal::bad_token};
  if (token->organisation != owner->organisation) return {.refused = callback_refusal::foreign_account};
  result.token = *token;
  result.over = owner;
  return result;
}

void carrier_callbacks::impl::handle(carriers::carrier_kind kind, const http_request& request,
                                     const respond_function& respond) {
  judgement result = judge(kind, request);
  if (result.refused) return gate.refuse(kind, *result.refused, respond);
  if (!result.event) {
    ++ignored;
    return respond({.status = 204});
  }
  std::shared_ptr<stored_callback> task;
  if (act && kind == carriers::carrier_kind::telnyx) {
    task = std::make_shared<stored_callback>(
        stored_callback{.over = std::move(result.over),
                        .token = result.token,
                        .event = *result.event,
                        .body = request.body,
                        .telnyx_signature = std::string{request.header("telnyx-signature-ed25519")},
                        .telnyx_timestamp = std::string{request.header("telnyx-timestamp")}});
  }
  inbox.store(result.token.organisation, result.token.attempt, std::move(*result.event),
              [self = shared_from_this(), kind, respond, task](bool done) {
                if (!done) return self->gate.refuse(kind, callback_refusal::not_stored, respond);
                ++self->stored;
                task ? self->act(std::move(*task), respond) : respond({.status = 204});
              });
}

carrier_callbacks::carrier_callbacks(callback_settings settings, account_source accounts, callback_inbox& inbox,
                                     const clock& time, std::function<void(std::string)> warn, actor act)
    : impl_{std::make_shared<impl>(std::move(settings), std::move(accounts), inbox, time, std::move(warn),
                                   std::move(act))} {}

carrier_callbacks::~carrier_callbacks() = default;

std::vector<route> carrier_callbacks::routes() {
  const auto from = [this](carriers::carrier_kind kind) {
    return [self = impl_, kind](const http_request& request, const respond_function& respond) {
      self->handle(kind, request, respond);
    };
  };
  return {{"POST", "/callbacks/twilio", from(carriers::carrier_kind::twilio)},
          {"POST", "/callbacks/twilio/amd", from(carriers::carrier_kind::twilio)},
          {"POST", "/callbacks/telnyx", from(carriers::carrier_kind::telnyx)}};
}

callback_stats carrier_callbacks::stats() const {
  return {.stored = impl_->stored, .ignored = impl_->ignored, .refused = impl_->gate.refused()};
}

}  // namespace dialer::api
