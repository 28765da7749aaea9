#pragma once
// A carrier's dialect for its numbers: what can be bought, what an account holds, orders, settings, release. Bytes to
// and from the model, like codec.hpp. Pure; one object per account and thread, and one request at a time: answers do
// not repeat the question, so a decode_ reads the answer to the last encode_ of its name.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "carriers/account.hpp"
#include "carriers/http/http_answer.hpp"
#include "model/e164.hpp"
#include "model/phone_number.hpp"

namespace dialer::carriers {

struct number_search {
  std::string country = "US";  ///< ISO 3166-1 alpha-2
  std::string area_code;       ///< digits, or empty
  std::string contains;        ///< digits, or empty
  std::optional<number_type> type;
  std::uint8_t capabilities = 0;  ///< all of these (mask of capability); 0: any
  unsigned limit = 10;            ///< 1 to 100
};

/// A number that can be bought.
struct offered_number {
  e164 number;
  number_type type = number_type::local;
  std::uint8_t capabilities = 0;
  std::string country;
  std::string area_code;  ///< empty when neither the number's plan nor the carrier tells
  std::string locality;   ///< "San Francisco", or empty
  std::string state;      ///< "CA", or empty
};

/// A number that the account holds.
struct held_number {
  std::string carrier_ref;  ///< Twilio PN…, Telnyx's id
  e164 number;
  std::string friendly_name;
  number_type type = number_type::local;
  std::uint8_t capabilities = 0;  ///< Telnyx lists none: voice, and sms once a messaging profile is set
  std::string country;            ///< empty: not said (Twilio)
  std::string
      voice_webhook;  ///< where calls to it go now: Twilio's VoiceUrl (or trunk, application), Telnyx's connection id
  bool active = true;
};

/// What a request about numbers came to.
enum class number_outcome : std::uint8_t {
  done,
  pending,    ///< an order that is not settled
  refused,    ///< certainly not done; the text says why
  unknown,    ///< nobody can tell: ask before doing it again
  throttled,  ///< certainly not done, for no fault of the request (not sent, or too many at once): later
};

struct number_answer {
  number_outcome outcome = number_outcome::unknown;
  std::string carrier_ref;    ///< of the number, when done and known
  std::string carrier_order;  ///< Telnyx's order, when there is one
  std::string why;            ///< carrier's code and words, or what happened to the request; empty when done
  bool gone = false;          ///< refused because it can't be had as it was offered any more: search again
};

template <class Thing>
struct number_page {
  bool clean = false;  ///< false: no usable answer, `why` says what came
  std::string why;
  bool refused = false;  ///< not clean because the carrier said no to the question: it will say so again
  std::vector<Thing> numbers;
  std::string next;  ///< page to go on with; empty: the last
};

class number_codec {
 public:
  virtual ~number_codec() = default;

  /// Each encode_ appends one complete HTTP/1.1 request. Twilio knows area codes in +1 only: elsewhere the number has
  /// to contain them, followed at once by `contains`.
  virtual void encode_search(const number_search& query, std::string& out) = 0;
  virtual number_page<offered_number> decode_search(const http::http_answer& answer) = 0;

  /// `reference` names the purchase at a carrier that takes one (Telnyx customer_reference). `voice_url`: where its
  /// calls are to go (Twilio; Telnyx routes by the account's connection).
  virtual void encode_buy(e164 number, std::string_view reference, std::string_view voice_url, std::string& out) = 0;
  virtual number_answer decode_buy(const http::http_answer& answer) = 0;

  /// What became of a purchase: Twilio, whether the account holds the number; Telnyx, the order of that reference,
  /// which must not be empty. done: bought. refused: the order failed, or there is none (then it may be asked for
  /// anew).
  virtual void encode_find_purchase(e164 number, std::string_view reference, std::string& out) = 0;
  virtual number_answer decode_find_purchase(const http::http_answer& answer, e164 number) = 0;

  /// `only`: just that number; `next`: page to go on with, or empty.
  virtual void encode_held(std::optional<e164> only, std::string_view next, std::string& out) = 0;
  virtual number_page<held_number> decode_held(const http::http_answer& answer) = 0;

  /// Calls to the number go there from now on; replaces what was set. Telnyx: to the account's connection; throws
  /// std::invalid_argument for an account without one.
  virtual void encode_route(std::string_view carrier_ref, std::string_view voice_url, std::string& out) = 0;
  virtual number_answer decode_route(const http::http_answer& answer) = 0;

  /// done also when the account does not hold it any more.
  virtual void encode_release(std::string_view carrier_ref, std::string& out) = 0;
  virtual number_answer decode_release(const http::http_answer& answer) = 0;
};

/// Throws std::invalid_argument like make_codec; a Telnyx account needs no connection for anything but routing.
std::unique_ptr<number_codec> make_number_codec(const account& value);

}  // namespace dialer::carriers
