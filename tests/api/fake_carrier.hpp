#pragma once
// A Twilio account as far as numbers go, answering in memory: what it sells, what it holds, and what goes wrong.

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "api/carrier_exchange.hpp"
#include "api/rest_query.hpp"

namespace dialer::api::test {

/// What befalls a request that changes something.
enum class mishap {
  none,
  answer_lost,   ///< acted on, and nobody hears of it
  request_lost,  ///< not acted on, and nobody knows
  not_sent,      ///< no connection
  died_before,   ///< the engine ends before it is sent
  died_after,    ///< the engine ends before the answer is read
};

struct engine_died : std::runtime_error {
  engine_died() : std::runtime_error{"the engine died"} {}
};

class fake_carrier {
 public:
  std::vector<std::string> offers{"+14155550140", "+14155550141", "+14155550142"};
  struct held {
    std::string number;
    std::string voice_url;
  };
  std::map<std::string, held> holds;  ///< by SID
  int sold = 0;                       ///< ever
  std::deque<mishap> next;            ///< of the requests to come that change something
  int refusal = 0;                    ///< Twilio's code for whoever buys; 0: none
  bool away = false;                  ///< answers nothing but 503
  bool lists_others = false;          ///< whoever asks for one number that it holds is shown others besides
  std::vector<std::string> asked;     ///< first lines
  /// Acts in place of this one, with whole requests; null: nobody.
  std::function<carriers::http::kept_answer(const std::string& request)> stand_in;

  int count(const std::string& of) const {
    int all = 0;
    for (const std::string& one : asked) all += one.starts_with(of) ? 1 : 0;
    return all;
  }

  std::string hold(const std::string& number, const std::string& voice_url = "") {
    std::string sid = std::to_string(++sids_);
    sid = "PN" + std::string(32 - sid.size(), '0') + sid;
    holds[sid] = {number, voice_url};
    return sid;
  }

  carriers::http::kept_answer ask(const carriers::account&, const std::string& request) {
    const std::lock_guard lock{mutex_};
    const std::string line = request.substr(0, request.find("\r\n"));
    const std::string method = line.substr(0, line.find(' '));
    const bool changes = method != "GET";
    mishap befalls = mishap::none;
    if (changes && !next.empty()) {
      befalls = next.front();
      next.pop_front();
    }
    if (befalls == mishap::died_before) throw engine_died{};
    if (befalls == mishap::not_sent) return lost(carriers::http::delivery::not_sent);
    asked.push_back(line);
    if (away) return answer(503, "");
    if (befalls == mishap::request_lost) return lost(carriers::http::delivery::unknown);
    auto given = stand_in ? stand_in(request)
                          : act(method, line.substr(method.size() + 1, line.rfind(' ') - method.size() - 1),
                                request.substr(request.find("\r\n\r\n") + 4));
    if (befalls == mishap::died_after) throw engine_died{};
    return befalls == mishap::answer_lost ? lost(carriers::http::delivery::unknown) : given;
  }

  static carriers::http::kept_answer answer(int status, const std::string& body,
                                            const std::string& content_type = "application/json") {
    carriers::http::http_answer given;
    given.how = carriers::http::delivery::answered;
    given.status = status;
    given.body = body;
    given.content_type = content_type;
    return carriers::http::kept_answer{given};
  }

 private:
  static carriers::http::kept_answer lost(carriers::http::delivery how) {
    carriers::http::http_answer none;
    none.how = how;
    none.error = "no answer came";
    return carriers::http::kept_answer{none};
  }
  static carriers::http::kept_answer answer(int status, const boost::json::object& body) {
    return answer(status, boost::json::serialize(body));
  }
  static carriers::http::kept_answer error(int status, int code, const char* words) {
    return answer(status, boost::json::object{{"code", code}, {"message", words}, {"status", status}});
  }
  static boost::json::object show(const std::string& sid, const held& one) {
    return {{"sid", sid},
            {"phone_number", one.number},
            {"friendly_name", one.number},
            {"voice_url", one.voice_url},
            {"capabilities", boost::json::object{{"voice", true}, {"SMS", true}}}};
  }
  static std::string field(const std::string& text, const std::string& name) {
    for (const auto& [key, value] : parse_query(text).value_or(http_params{})) {
      if (key == name) return value;
    }
    return {};
  }

  carriers::http::kept_answer act(const std::string& method, const std::string& target, const std::string& body) {
    const std::string path = target.substr(0, target.find('?'));
    const std::string query = target.find('?') == std::string::npos ? "" : target.substr(target.find('?') + 1);
    if (path.find("/AvailablePhoneNumbers/") != std::string::npos) {
      boost::json::array rows;
      for (const std::string& one : offers) {
        if (one.find(field(query, "Contains")) == std::string::npos) continue;
        rows.push_back(boost::json::object{{"phone_number", one},
                                           {"iso_country", "US"},
                                           {"region", "CA"},
                                           {"locality", "San Francisco"},
                                           {"capabilities", boost::json::object{{"voice", true}, {"SMS", true}}}});
      }
      return answer(200, boost::json::object{{"available_phone_numbers", std::move(rows)}});
    }
    const auto slash = path.rfind('/');
    const std::string last = path.substr(slash + 1, path.rfind(".json") - slash - 1);
    if (last == "IncomingPhoneNumbers" && method == "GET") {
      boost::json::array rows;
      for (const auto& [sid, one] : holds) {
        const std::string only = field(query, "PhoneNumber");
        if (only.empty() || only == one.number || lists_others) rows.push_back(show(sid, one));
      }
      return answer(200, boost::json::object{{"incoming_phone_numbers", std::move(rows)}});
    }
    if (last == "IncomingPhoneNumbers") {
      if (refusal != 0) return error(400, refusal, "refused");
      const std::string number = field(body, "PhoneNumber");
      if (std::erase(offers, number) == 0) return error(400, 21422, "not available");
      const std::string sid = hold(number, field(body, "VoiceUrl"));
      ++sold;
      return answer(201, show(sid, holds.at(sid)));
    }
    if (!holds.contains(last)) return error(404, 20404, "not found");
    if (method == "DELETE") {
      holds.erase(last);
      return answer(204, "");
    }
    holds.at(last).voice_url = field(body, "VoiceUrl");
    return answer(200, show(last, holds.at(last)));
  }

  std::mutex mutex_;
  int sids_ = 0;
};

}  // namespace dialer::api::test
