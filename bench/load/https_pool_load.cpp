// The HTTPS client alone, as fast as a server lets it: the figure that is compared with wrk on the same server in the
// same minute. Posts a body of a Twilio call's size on every connection, again and again, and checks every answer.
//
// Usage: https_pool_load HOST PORT CA_FILE CONNECTIONS SECONDS
// Prints one JSON object. CPU is this process's user and system time from the first answer to the last.

#include <sys/resource.h>

#include <boost/asio/io_context.hpp>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>

#include "carriers/http/https_pool.hpp"

namespace {

using namespace dialer::carriers::http;

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::string make_request(const std::string& host) {
  constexpr std::size_t body_size = 376;
  return "POST /2010-04-01/Accounts/AC00000000000000000000000000000000/Calls.json HTTP/1.1\r\nHost: " + host +
         "\r\nContent-Type: application/x-www-form-urlencoded\r\nAuthorization: Basic " + std::string(88, 'A') +
         "\r\nUser-Agent: dialer\r\nContent-Length: " + std::to_string(body_size) + "\r\n\r\n" +
         std::string(body_size, 'x');
}

/// The same request for ever.
class endless_source : public request_source {
 public:
  explicit endless_source(std::string request) : request_{std::move(request)} {}

  std::uint64_t next_request(std::string& bytes) override {
    bytes.assign(request_);
    return 1;
  }
  void on_answer(std::uint64_t, const http_answer& answer) override {
    ++(answer.how == delivery::answered && answer.status == 201 && answer.body.find("\"sid\"") < 8 ? good : bad);
  }
  bool wants_connection() const override { return true; }
  void on_connect_failure(std::string_view error) override {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(error.size()), error.data());
  }

  std::uint64_t good = 0, bad = 0;

 private:
  std::string request_;
};

template <typename Number>
Number number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    throw std::runtime_error{"not a number: " + std::string{text}};
  return value;
}

int run(char** arguments) {
  pool_options options;
  options.host = arguments[1];
  options.port = number<std::uint16_t>(arguments[2]);
  options.ca_file = arguments[3];
  options.connections_max = number<std::size_t>(arguments[4]);
  const std::chrono::seconds duration{number<int>(arguments[5])};

  boost::asio::io_context io{1};
  endless_source source{make_request(options.host)};
  https_pool pool{io, options, source};
  pool.wake();
  while (pool.stats().connections_open < options.connections_max) io.run_one();

  using clock = std::chrono::steady_clock;
  const std::uint64_t good_before = source.good;
  const double cpu_before = cpu_seconds();
  const clock::time_point start = clock::now();
  io.run_for(duration);
  const double elapsed = std::chrono::duration<double>(clock::now() - start).count();
  const double cpu = cpu_seconds() - cpu_before;
  const auto calls = static_cast<double>(source.good - good_before);
  std::printf("{\"calls_per_second\":%.0f,\"cpu_us_per_call\":%.2f,\"cpu\":%.2f,\"bad\":%llu}\n", calls / elapsed,
              cpu / calls * 1e6, cpu / elapsed, static_cast<unsigned long long>(source.bad));

  bool stopped = false;
  pool.stop([&] { stopped = true; });
  while (!stopped) io.run_one();
  return source.bad == 0 ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 6) {
    std::fprintf(stderr, "usage: https_pool_load HOST PORT CA_FILE CONNECTIONS SECONDS\n");
    return 2;
  }
  try {
    return run(arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "https_pool_load: %s\n", error.what());
    return 1;
  }
}
