#pragma once
// A carrier's dialect: bytes to and from the model. Pure; no sockets, no clock. One object per account and thread
// (request heads are prepared once, and parsers keep their buffers).

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "carriers/account.hpp"
#include "carriers/call.hpp"
#include "carriers/http/http_answer.hpp"
#include "model/dial_permit.hpp"

namespace dialer::carriers {

/// What the listing is asked for while reconciling.
struct lookup_query {
  e164 to;
  e164 from;
  utc_time sent_not_before;  ///< intent time minus skew
  std::string next;          ///< page to continue with, from call_page::next; empty for the first
};

class codec {
 public:
  virtual ~codec() = default;

  /// Appends one complete HTTP/1.1 request that places the call. Consumes the permit: one permit, one request.
  /// `token` is the signed attempt token; `command_id` (Telnyx) is derived from `attempt`.
  virtual void encode_create(const call_options& options, dial_permit permit, attempt_id attempt,
                             std::string_view token, std::string& out) = 0;
  virtual create_answer decode_create(const http::http_answer& answer) = 0;

  virtual void encode_fetch(std::string_view call_ref, std::string& out) = 0;
  /// nullopt: no clean answer. A call the carrier does not know yields no_such_call().
  virtual std::optional<call_report> decode_fetch(const http::http_answer& answer) = 0;

  virtual void encode_list(const lookup_query& query, std::string& out) = 0;
  virtual call_page decode_list(const http::http_answer& answer) = 0;

  /// Ends a call, ringing or answered; `ringing_only` cancels it only while queued or ringing (Twilio).
  virtual void encode_cancel(std::string_view call_ref, bool ringing_only, std::string& out) = 0;
  virtual cancel_result decode_cancel(const http::http_answer& answer) = 0;

  /// A cheap authenticated GET that tells whether the account is usable again (after stop_account).
  virtual void encode_probe(std::string& out) = 0;
  virtual bool decode_probe(const http::http_answer& answer) = 0;
};

/// The codec of the account's carrier. Throws std::invalid_argument, naming field and remedy, for an account whose
/// base_url, SID, connection or secret cannot stand in a request.
std::unique_ptr<codec> make_codec(const account& value);

/// Whether a listed call without a token (Twilio's, and Telnyx's whose agent replaced it) can be the one asked for:
/// same numbers, created not before. A page is not filtered by the codec, because answers do not repeat the question; a
/// call may be listed on several pages (Telnyx: active calls, then events), so count distinct call_refs. An event that
/// says whom it called and not in which call has an empty call_ref.
bool can_be(const lookup_query& query, const listed_call& call);

/// A callback as it came in over HTTP.
struct callback_request {
  std::string_view method;  ///< "POST"
  std::string_view url;     ///< public URL as the carrier requested it: from configuration plus path and query
  std::string_view body;    ///< raw
  std::string_view content_type;
  std::string_view twilio_signature;  ///< X-Twilio-Signature
  std::string_view telnyx_signature;  ///< telnyx-signature-ed25519
  std::string_view telnyx_timestamp;  ///< telnyx-timestamp
};

/// By Twilio's X-Twilio-Signature. `key`: one of the account's auth tokens. Form bodies, GET, and JSON with bodySHA256.
bool verify_twilio(const callback_request& request, std::string_view key);
/// By Telnyx's Ed25519 signature. `public_key_base64`: 32 bytes. Refuses a timestamp more than 300 s from now, or not
/// all digits.
bool verify_telnyx(const callback_request& request, std::string_view public_key_base64, utc_time now);

/// Reads a verified callback. nullopt: not a call event we use (acknowledge and ignore it). The Twilio token is in the
/// URL's query parameter `t`, Telnyx's in client_state or, where the agent's application replaced that, in `t` as well.
std::optional<callback> decode_twilio_callback(const callback_request& request);
std::optional<callback> decode_telnyx_callback(const callback_request& request);
/// The account a callback claims to come from, before verification: Twilio AccountSid, Telnyx connection_id.
std::string claimed_account(carrier_kind kind, const callback_request& request);

}  // namespace dialer::carriers
