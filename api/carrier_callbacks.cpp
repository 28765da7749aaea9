#include "api/carrier_callbacks.hpp"

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>

#include "api/campaign_words.hpp"
#include "carriers/codec.hpp"

namespace dialer::api {
namespace {

constexpr std::chrono::minutes warn_every{1};

int status_of(callback_refusal why) {
  switch (why) {
    case callback_refusal::too_large: return 413;
    case callback_refusal::no_account: return 400;
    case callback_refusal::not_stored: return 503;
    case callback_refusal::unknown_account:
    case callback_refusal::bad_signature:
    case callback_refusal::bad_token:
    case callback_refusal::foreign_account: return 403;
  }
  return 403;
}

/// Counts, on any thread.
struct counters {
  std::atomic<std::uint64_t> stored{0};
  std::atomic<std::uint64_t> ignored{0};
  std::array<std::atomic<std::uint64_t>, callback_refusal_slots> refused{};
};

carriers::callback_request to_callback(const http_request& request, std::string_view url) {
  return {.method = request.method,
          .url = url,
          .body = request.body,
          .content_type = request.content_type,
          .twilio_signature = request.header("X-Twilio-Signature"),
          .telnyx_signature = request.header("telnyx-signature-ed25519"),
          .telnyx_timestamp = request.header("telnyx-timestamp")};
}

bool signed_by(const carriers::account& account, const carriers::callback_request& request, utc_time now) {
  if (account.kind == carriers::carrier_kind::telnyx) {
    return carriers::verify_telnyx(request, account.webhook_public_key, now);
  }
  // During a rotation both tokens are good; the check refuses an empty one.
  return carriers::verify_twilio(request, account.secret) || carriers::verify_twilio(request, account.secondary_secret);
}

const owned_account* find_account(const std::vector<owned_account>& accounts, carriers::carrier_kind kind,
                                  std::string_view claimed) {
  const auto found = std::ranges::find_if(accounts, [kind, claimed](const owned_account& each) {
    return each.account.kind == kind && !claimed.empty() && claimed == carriers::account_key(each.account);
  });
  return found == accounts.end() ? nullptr : &*found;
}

}  // namespace

std::string_view to_string(callback_refusal value) noexcept {
  switch (value) {
    case callback_refusal::too_large: return "too_large";
    case callback_refusal::no_account: return "no_account";
    case callback_refusal::unknown_account: return "unknown_account";
    case callback_refusal::bad_signature: return "bad_signature";
    case callback_refusal::bad_token: return "bad_token";
    case callback_refusal::foreign_account: return "foreign_account";
    case callback_refusal::not_stored: return "not_stored";
  }
  return "none";
}

struct carrier_callbacks::impl : std::enable_shared_from_this<impl> {
  impl(callback_settings given, account_source source, callback_inbox& box, const clock& wall,
       std::function<void(std::string)> warner)
      : settings{std::move(given)},
        accounts{std::move(source)},
        inbox{box},
        time{wall},
        warn{std::move(warner)},
        signer{settings.token_key} {
    while (settings.public_url.ends_with('/')) settings.public_url.pop_back();
  }

  /// What to do with a callback: refuse it, acknowledge and forget it, or store it.
  struct judgement {
    std::optional<callback_refusal> refused{};
    std::optional<carriers::callback> event{};
    carriers::attempt_token token{};
  };
  judgement judge(carriers::carrier_kind kind, const http_request& request) const;
  void handle(carriers::carrier_kind kind, const http_request& request, const respond_function& respond);
  void refuse(carriers::carrier_kind kind, callback_refusal why, const respond_function& respond);
  void warn_seldom(carriers::carrier_kind kind, callback_refusal why);

  // Constant after construction.
  callback_settings settings;
  account_source accounts;
  callback_inbox& inbox;
  const clock& time;
  std::function<void(std::string)> warn;
  carriers::token_signer signer;
  // Any thread.
  counters counted;
  std::array<std::atomic<std::int64_t>, callback_refusal_slots> warn_after_us{};
};

carrier_callbacks::impl::judgement carrier_callbacks::impl::judge(carriers::carrier_kind kind,
                                                                  const http_request& request) const {
  if (request.body.size() > settings.body_bytes_max) return {.refused = callback_refusal::too_large};
  const std::string url = settings.public_url + request.target;
  const carriers::callback_request callback = to_callback(request, url);

  const std::string claimed = carriers::claimed_account(kind, callback);
  if (claimed.empty()) return {.refused = callback_refusal::no_account};
  const account_snapshot known = accounts();
  // Just started: the carrier shall ask again, whereas it would take "unknown account" for the last word.
  if (!known) return {.refused = callback_refusal::not_stored};
  const owned_account* owner = find_account(*known, kind, claimed);
  if (owner == nullptr) return {.refused = callback_refusal::unknown_account};
  const utc_time now = time.now().utc;
  if (!signed_by(owner->account, callback, now)) return {.refused = callback_refusal::bad_signature};

  judgement result;
  result.event = kind == carriers::carrier_kind::twilio ? carriers::decode_twilio_callback(callback)
                                                        : carriers::decode_telnyx_callback(callback);
  if (!result.event) return result;  // the carrier tells more than we use
  const auto token = signer.verify(result.event->token);
  if (!token || now - token->issued_at > settings.token_age_max) return {.refused = callback_refusal::bad_token};
  if (token->organisation != owner->organisation) return {.refused = callback_refusal::foreign_account};
  result.token = *token;
  return result;
}

void carrier_callbacks::impl::handle(carriers::carrier_kind kind, const http_request& request,
                                     const respond_function& respond) {
  judgement result = judge(kind, request);
  if (result.refused) return refuse(kind, *result.refused, respond);
  if (!result.event) {
    ++counted.ignored;
    return respond({.status = 204});
  }
  inbox.store(result.token.organisation, result.token.attempt, std::move(*result.event),
              [self = shared_from_this(), kind, respond](bool stored) {
                if (!stored) return self->refuse(kind, callback_refusal::not_stored, respond);
                ++self->counted.stored;
                respond({.status = 204});
              });
}

void carrier_callbacks::impl::refuse(carriers::carrier_kind kind, callback_refusal why,
                                     const respond_function& respond) {
  ++counted.refused[static_cast<std::size_t>(why)];
  warn_seldom(kind, why);
  // The reason is for our operators; a forger is told no more than the status.
  respond({.status = status_of(why)});
}

void carrier_callbacks::impl::warn_seldom(carriers::carrier_kind kind, callback_refusal why) {
  const auto slot = static_cast<std::size_t>(why);
  const std::int64_t now_us = time.now().steady.time_since_epoch().count();
  std::int64_t next_us = warn_after_us[slot];
  const std::int64_t later_us = now_us + std::chrono::microseconds{warn_every}.count();
  if (now_us < next_us || !warn_after_us[slot].compare_exchange_strong(next_us, later_us)) return;
  warn("callback refused: carrier=" + std::string{find_name(carrier_names, kind)} +
       " reason=" + std::string{to_string(why)} + " refused_so_far=" + std::to_string(counted.refused[slot]));
}

carrier_callbacks::carrier_callbacks(callback_settings settings, account_source accounts, callback_inbox& inbox,
                                     const clock& time, std::function<void(std::string)> warn)
    : impl_{std::make_shared<impl>(std::move(settings), std::move(accounts), inbox, time, std::move(warn))} {}

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
  callback_stats stats{.stored = impl_->counted.stored, .ignored = impl_->counted.ignored};
  std::ranges::copy(impl_->counted.refused, stats.refused.begin());
  return stats;
}

}  // namespace dialer::api
