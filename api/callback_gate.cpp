#include "api/callback_gate.hpp"

#include <algorithm>
#include <utility>

#include "api/campaign_words.hpp"

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

callback_gate::callback_gate(std::string public_url, std::size_t body_bytes_max, account_source accounts,
                             const clock& time, std::function<void(std::string)> warn)
    : public_url_{std::move(public_url)},
      body_bytes_max_{body_bytes_max},
      accounts_{std::move(accounts)},
      time_{time},
      warn_{std::move(warn)} {
  while (public_url_.ends_with('/')) public_url_.pop_back();
}

void callback_gate::receive(const http_request& request, received& into) const {
  into.url = public_url_ + request.target;
  into.what = {.method = request.method,
               .url = into.url,
               .body = request.body,
               .content_type = request.content_type,
               .twilio_signature = request.header("X-Twilio-Signature"),
               .telnyx_signature = request.header("telnyx-signature-ed25519"),
               .telnyx_timestamp = request.header("telnyx-timestamp")};
}

std::shared_ptr<const owned_account> callback_gate::admit(carriers::carrier_kind kind, const received& callback,
                                                          callback_refusal& why) const {
  why = callback_refusal::too_large;
  if (callback.what.body.size() > body_bytes_max_) return nullptr;
  const std::string claimed = carriers::claimed_account(kind, callback.what);
  why = callback_refusal::no_account;
  if (claimed.empty()) return nullptr;
  const account_snapshot known = accounts_();
  // Just started: the carrier shall ask again, whereas it would take "unknown account" for the last word.
  why = callback_refusal::not_stored;
  if (!known) return nullptr;
  const owned_account* owner = find_account(*known, kind, claimed);
  why = callback_refusal::unknown_account;
  if (owner == nullptr) return nullptr;
  why = callback_refusal::bad_signature;
  if (!signed_by(owner->account, callback.what, time_.now().utc)) return nullptr;
  return {known, owner};
}

void callback_gate::refuse(carriers::carrier_kind kind, callback_refusal why, const respond_function& respond) {
  ++refused_[static_cast<std::size_t>(why)];
  warn_seldom(kind, why);
  // The reason is for our operators; a forger is told no more than the status.
  respond({.status = status_of(why)});
}

void callback_gate::warn_seldom(carriers::carrier_kind kind, callback_refusal why) {
  const auto slot = static_cast<std::size_t>(why);
  const std::int64_t now_us = time_.now().steady.time_since_epoch().count();
  std::int64_t next_us = warn_after_us_[slot];
  const std::int64_t later_us = now_us + std::chrono::microseconds{warn_every}.count();
  if (now_us < next_us || !warn_after_us_[slot].compare_exchange_strong(next_us, later_us)) return;
  warn_("callback refused: carrier=" + std::string{find_name(carrier_names, kind)} +
        " reason=" + std::string{to_string(why)} + " refused_so_far=" + std::to_string(refused_[slot]));
}

refusal_counts callback_gate::refused() const {
  refusal_counts counts{};
  std::ranges::copy(refused_, counts.begin());
  return counts;
}

}  // namespace dialer::api
