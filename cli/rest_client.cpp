#include "cli/rest_client.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <exception>

#include "cli/errors.hpp"

namespace dialer::cli {
namespace {

namespace json = boost::json;

constexpr long connect_within_s = 10;
constexpr long answer_within_s = 75;  // the service waits for a carrier for up to 60
constexpr std::size_t answer_bytes_max = 64UL << 20;

struct curl_library {
  curl_library() { curl_global_init(CURL_GLOBAL_DEFAULT); }
};

/// Headers of one request.
class header_list {
 public:
  ~header_list() { curl_slist_free_all(list_); }
  void add(const std::string& line) { list_ = curl_slist_append(list_, line.c_str()); }
  curl_slist* get() const { return list_; }

  header_list() = default;
  header_list(const header_list&) = delete;
  header_list& operator=(const header_list&) = delete;

 private:
  curl_slist* list_ = nullptr;
};

std::size_t keep(char* bytes, std::size_t, std::size_t count, void* into) {
  auto& body = *static_cast<std::string*>(into);
  if (body.size() + count > answer_bytes_max) return 0;
  body.append(bytes, count);
  return count;
}

std::size_t read_list(char* into, std::size_t, std::size_t count, void* from) {
  return std::fread(into, 1, count, static_cast<FILE*>(from));
}

/// A stream of events on its way, for the callbacks of a C library: what is thrown waits for its end.
struct event_reader {
  const event_taker& take;
  const std::function<bool()>& go_on;
  CURL* handle = nullptr;
  std::string refusal;  // the answer's body, when it is no stream
  std::string rest;     // an unfinished line
  std::string name, data;
  bool stopped = false;
  std::exception_ptr thrown;

  template <class Work>
  bool guard(const Work& work) {
    try {
      work();
    } catch (...) {
      thrown = std::current_exception();
    }
    return !thrown && !stopped;
  }

  void read(std::string_view bytes) {
    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200) {
      refusal.append(bytes.substr(0, answer_bytes_max - std::min(answer_bytes_max, refusal.size())));
      return;
    }
    rest.append(bytes);
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = rest.find('\n', begin)) != std::string::npos; begin = end + 1) {
      read_line(std::string_view{rest}.substr(begin, end - begin));
    }
    rest.erase(0, begin);
    if (rest.size() > answer_bytes_max) throw std::runtime_error("the service sends an event without an end");
    if (begin > 0) stopped = !go_on();
  }
  void read_line(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) {
      if (!data.empty()) take(name, parse_clean(data).as_object());
      name.clear();
      data.clear();
    } else if (line.starts_with("event: ")) {
      name = line.substr(7);
    } else if (line.starts_with("data: ")) {
      data += (data.empty() ? "" : "\n") + std::string(line.substr(6));
    }
  }
};

std::size_t read_events(char* bytes, std::size_t, std::size_t count, void* into) {
  auto& reader = *static_cast<event_reader*>(into);
  return reader.guard([&] { reader.read({bytes, count}); }) ? count : 0;
}

int tick(void* into, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& reader = *static_cast<event_reader*>(into);
  return reader.guard([&] { reader.stopped = !reader.go_on(); }) ? 0 : 1;
}

// The server has read what it wants of the request by then, or nothing of it.
bool never_left(CURLcode code) {
  return code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_CONNECT || code == CURLE_SSL_CONNECT_ERROR ||
         code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE;
}

// Control characters but line ends and tabs become "?": those of ASCII, and U+0080 to U+009F, which some terminals take
// for the beginning of a command, too.
std::string without_controls(json::string_view text) {
  std::string shown;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool c1 = byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    const bool control = c1 || (byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7F;
    shown += control ? '?' : text[i];
    if (c1) ++i;
  }
  return shown;
}

json::value clean(const json::value& value) {
  if (value.is_string()) return json::string(without_controls(value.as_string()));
  if (value.is_array()) {
    json::array all;
    for (const json::value& one : value.as_array()) all.push_back(clean(one));
    return all;
  }
  if (value.is_object()) {
    json::object all;
    for (const auto& [name, one] : value.as_object()) all.emplace(without_controls(name), clean(one));
    return all;
  }
  return value;
}

std::string text_of(const json::object& from, const char* key) {
  const json::value* found = from.if_contains(key);
  return found == nullptr || !found->is_string() ? std::string() : std::string(found->as_string());
}

}  // namespace

struct rest_client::impl {
  impl(const service_context& where, const std::string& why)
      : context{where}, authorization{"Authorization: Bearer " + read_key(where.key_file)}, reason{why} {
    static const curl_library library;
    check_service_url(context.url);
    if (reason.find_first_of("\r\n") != std::string::npos) throw usage_error("--reason has several lines; write one");
    handle = curl_easy_init();
    if (handle == nullptr) throw std::runtime_error("libcurl does not start");
  }
  ~impl() { curl_easy_cleanup(handle); }
  impl(const impl&) = delete;
  impl& operator=(const impl&) = delete;

  template <class Value>
  void set(CURLoption option, Value value) {
    if (curl_easy_setopt(handle, option, value) != CURLE_OK) {
      throw std::runtime_error("libcurl is too old for this command");
    }
  }

  std::string address(const std::string& path, const query_params& query) const {
    std::string url = context.url + path;
    char separator = '?';
    for (const auto& [name, value] : query) {
      if (value.empty()) continue;
      char* escaped = curl_easy_escape(handle, value.c_str(), static_cast<int>(value.size()));
      url += separator + name + "=" + escaped;
      curl_free(escaped);
      separator = '&';
    }
    return url;
  }

  /// What all requests have in common; the rest is set by whoever asks.
  void begin(const std::string& url) {
    curl_easy_reset(handle);
    const bool secure = url.starts_with("https://");
    set(CURLOPT_URL, url.c_str());
    set(CURLOPT_PROTOCOLS_STR, secure ? "https" : "http");
    if (!secure) set(CURLOPT_NOPROXY, "*");  // it is on this machine: nobody in between gets to see the key
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_USERAGENT, "dialer");
    set(CURLOPT_CONNECTTIMEOUT, connect_within_s);
    set(CURLOPT_TIMEOUT, answer_within_s);
    set(CURLOPT_ERRORBUFFER, error);
    error[0] = '\0';
    if (!context.ca_file.empty()) set(CURLOPT_CAINFO, context.ca_file.c_str());
  }

  void set_body(header_list& headers, const json::object& body) {
    const std::string text = body.empty() ? std::string() : json::serialize(body);
    if (!text.empty()) headers.add("Content-Type: application/json");
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(text.size()));
    set(CURLOPT_COPYPOSTFIELDS, text.c_str());
  }

  /// Sends what was set, and answers the body of a success.
  json::object send(header_list& headers, bool changes, const std::string& when_unsure = run_again) {
    headers.add(authorization);
    headers.add("Accept: application/json");
    if (changes && !reason.empty()) headers.add("Audit-Reason: " + reason);
    set(CURLOPT_HTTPHEADER, headers.get());
    std::string body;
    set(CURLOPT_WRITEFUNCTION, &keep);
    set(CURLOPT_WRITEDATA, &body);
    if (const CURLcode code = curl_easy_perform(handle); code != CURLE_OK) fail(code, changes, when_unsure);
    check(body);
    try {
      return parse_clean(body).as_object();
    } catch (const std::exception&) {
      throw service_unreachable(context.url + " does not answer as a dialer service does; check the context's --url");
    }
  }

  void check(const std::string& body) const {
    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    if (status < 200 || status > 299) {
      throw service_refusal(static_cast<int>(status), describe_refusal(static_cast<int>(status), body));
    }
  }

  [[noreturn]] void fail(CURLcode code, bool changes, const std::string& when_unsure) const {
    const std::string why = error[0] != '\0' ? error : curl_easy_strerror(code);
    if (code == CURLE_SSL_CACERT_BADFILE) {
      throw settings_error("context " + context.name + ": the CA file is of no use: " + why);
    }
    if (changes && !never_left(code)) {
      throw service_unreachable(context.url + " did not say whether the change was made: " + why + "; " + when_unsure);
    }
    throw service_unreachable(context.url + " does not answer: " + why + "; check context " + context.name +
                              " (dialer context list) and that the service runs");
  }

  service_context context;
  std::string authorization;
  std::string reason;
  CURL* handle = nullptr;
  char error[CURL_ERROR_SIZE] = {};
};

rest_client::rest_client(const service_context& where, const std::string& reason)
    : impl_{std::make_unique<impl>(where, reason)} {}
rest_client::~rest_client() = default;

json::object rest_client::get(const std::string& path, const query_params& query) {
  header_list headers;
  impl_->begin(impl_->address(path, query));
  return impl_->send(headers, false);
}

json::array rest_client::list(const std::string& path, query_params query) {
  json::array all;
  query.insert(query.end(), {{"limit", "100"}, {"cursor", ""}});
  for (;;) {
    const json::object page = get(path, query);
    for (const json::value& one : page.at("data").as_array()) all.push_back(one);
    if (page.at("next_cursor").is_null()) return all;
    query.back().second = page.at("next_cursor").as_string();
  }
}

json::object rest_client::post(const std::string& path, const json::object& body, const std::string& when_unsure) {
  header_list headers;
  impl_->begin(impl_->address(path, {}));
  impl_->set(CURLOPT_POST, 1L);
  impl_->set_body(headers, body);
  return impl_->send(headers, true, when_unsure);
}

json::object rest_client::patch(const std::string& path, const json::object& body) {
  header_list headers;
  impl_->begin(impl_->address(path, {}));
  impl_->set(CURLOPT_CUSTOMREQUEST, "PATCH");
  impl_->set_body(headers, body);
  return impl_->send(headers, true);
}

json::object rest_client::remove(const std::string& path, const query_params& query) {
  header_list headers;
  impl_->begin(impl_->address(path, query));
  impl_->set(CURLOPT_CUSTOMREQUEST, "DELETE");
  return impl_->send(headers, true);
}

json::object rest_client::upload(const std::string& path, const query_params& query, const std::string& file) {
  const std::unique_ptr<FILE, int (*)(FILE*)> in{std::fopen(file.c_str(), "rb"), &std::fclose};
  if (!in || std::fseek(in.get(), 0, SEEK_END) != 0) {
    throw settings_error("cannot read the list " + file + "; check the path");
  }
  const auto size = static_cast<curl_off_t>(std::ftell(in.get()));
  std::rewind(in.get());
  header_list headers;
  headers.add(file.ends_with(".ndjson") ? "Content-Type: application/x-ndjson" : "Content-Type: text/csv");
  headers.add("Expect:");  // the key was checked by then in any case
  impl_->begin(impl_->address(path, query));
  impl_->set(CURLOPT_TIMEOUT, 0L);
  impl_->set(CURLOPT_TCP_KEEPALIVE, 1L);
  impl_->set(CURLOPT_POST, 1L);
  impl_->set(CURLOPT_POSTFIELDSIZE_LARGE, size);
  impl_->set(CURLOPT_READFUNCTION, &read_list);
  impl_->set(CURLOPT_READDATA, in.get());
  return impl_->send(headers, true);
}

bool rest_client::follow(const std::string& path, const event_taker& take, const std::function<bool()>& go_on) {
  header_list headers;
  headers.add(impl_->authorization);
  headers.add("Accept: text/event-stream");
  impl_->begin(impl_->address(path, {}));
  event_reader reader{.take = take, .go_on = go_on, .handle = impl_->handle};
  impl_->set(CURLOPT_TIMEOUT, 0L);
  impl_->set(CURLOPT_TCP_KEEPALIVE, 1L);
  impl_->set(CURLOPT_HTTPHEADER, headers.get());
  impl_->set(CURLOPT_WRITEFUNCTION, &read_events);
  impl_->set(CURLOPT_WRITEDATA, &reader);
  impl_->set(CURLOPT_NOPROGRESS, 0L);
  impl_->set(CURLOPT_XFERINFOFUNCTION, &tick);
  impl_->set(CURLOPT_XFERINFODATA, &reader);
  const CURLcode code = curl_easy_perform(impl_->handle);
  if (reader.thrown) std::rethrow_exception(reader.thrown);
  if (reader.stopped) return false;
  if (code != CURLE_OK && code != CURLE_PARTIAL_FILE && code != CURLE_RECV_ERROR) impl_->fail(code, false, run_again);
  if (!reader.refusal.empty()) impl_->check(reader.refusal);
  return true;
}

json::value parse_clean(std::string_view text) {
  return clean(json::parse(json::string_view{text.data(), text.size()}));
}

std::string describe_refusal(int status, std::string_view body) {
  std::string text = "the service refused: ";
  try {
    const json::object problem = parse_clean(body).as_object();
    const json::value* errors = problem.if_contains("errors");
    if (errors != nullptr && errors->as_array().size() > 1) {
      bool first = true;
      for (const json::value& each : errors->as_array()) {
        text += (first ? "" : "; ") + text_of(each.as_object(), "param") + " " + text_of(each.as_object(), "message");
        first = false;
      }
    } else {
      if (const std::string rule = text_of(problem, "rule"); !rule.empty()) text += "rule " + rule + ": ";
      const std::string param = text_of(problem, "param");
      const std::string detail = problem.at("detail").as_string().c_str();
      text += (param.empty() || detail.starts_with(param) ? "" : param + ": ") + detail;
    }
    const std::string request = text_of(problem, "request_id");
    if (!request.empty()) text += " (request " + request + ")";
    return text;
  } catch (const std::exception&) {
    return "the answer is no dialer's (HTTP " + std::to_string(status) + "); check the context's --url";
  }
}

}  // namespace dialer::cli
