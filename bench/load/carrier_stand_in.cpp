#include "bench/load/carrier_stand_in.hpp"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <thread>

#include "bench/load/harness.hpp"

namespace dialer::bench {
namespace {

using namespace std::chrono_literals;

int loopback_socket(std::uint16_t port, bool listen) {
  const int made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto* address = reinterpret_cast<const sockaddr*>(&at);
  const int result = listen ? ::bind(made, address, sizeof at) : ::connect(made, address, sizeof at);
  if (result == 0) return made;
  ::close(made);
  return -1;
}

/// A port that is free now.
std::uint16_t free_port() {
  const int made = loopback_socket(0, true);
  require(made >= 0, "no free port");
  sockaddr_in at{};
  socklen_t size = sizeof at;
  ::getsockname(made, reinterpret_cast<sockaddr*>(&at), &size);
  ::close(made);
  return ntohs(at.sin_port);
}

/// What a shell command prints; throws when it fails.
std::string output_of(const std::string& command) {
  std::FILE* pipe = ::popen(command.c_str(), "re");
  require(pipe != nullptr, "cannot run " + command);
  std::string text;
  std::array<char, 4096> part;
  while (const std::size_t got = std::fread(part.data(), 1, part.size(), pipe)) text.append(part.data(), got);
  require(::pclose(pipe) == 0, command + " failed:\n" + text);
  return text;
}

/// As the carrier answers, in its fields and its size.
std::string answer() {
  const std::string account = carrier_stand_in::account_sid;
  const std::string path = "/2010-04-01/Accounts/" + account + "/Calls/CA$request_id";
  return R"({"sid":"CA$request_id","date_created":null,"date_updated":null,"parent_call_sid":null,"account_sid":")" +
         account +
         R"(","to":"+12025550123","to_formatted":"(202) 555-0123","from":"+12025550199",)"
         R"("from_formatted":"(202) 555-0199","phone_number_sid":"PN0123456789abcdef0123456789abcdef",)"
         R"("status":"queued","start_time":null,"end_time":null,"duration":null,"price":null,"price_unit":"USD",)"
         R"("direction":"outbound-api","answered_by":null,"annotation":null,"api_version":"2010-04-01",)"
         R"("forwarded_from":null,"group_sid":null,"caller_name":null,"queue_time":"0","trunk_sid":null,"uri":")" +
         path + R"(.json","subresource_uris":{"recordings":")" + path + R"(/Recordings.json","notifications":")" +
         path + R"(/Notifications.json"}})";
}

}  // namespace

carrier_stand_in::carrier_stand_in(const std::filesystem::path& directory)
    : directory_{directory}, port_{free_port()}, status_port_{free_port()} {
  const std::string at = directory_.string();
  output_of(
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=localhost "
      "-addext subjectAltName=IP:127.0.0.1,DNS:localhost -keyout " +
      at + "/server.key -out " + at + "/server.crt 2>&1");
  std::ofstream config{directory_ / "nginx.conf"};
  config << fmt::format(R"(daemon off; worker_processes 1; pid {0}/nginx.pid; error_log {0}/error.log;
events {{ worker_connections 2048; }}
http {{
  client_body_temp_path {0}/body; proxy_temp_path {0}/proxy; fastcgi_temp_path {0}/fastcgi;
  uwsgi_temp_path {0}/uwsgi; scgi_temp_path {0}/scgi;
  map $request_id $sampled {{ "~^00" 1; default 0; }}
  log_format size '$content_length';
  server {{
    listen 127.0.0.1:{1} ssl backlog=1024;
    ssl_certificate {0}/server.crt; ssl_certificate_key {0}/server.key;
    keepalive_requests 1000000000; keepalive_timeout 600s;
    access_log {0}/sizes.log size if=$sampled;
    location / {{ default_type application/json; return 201 '{2}'; }}
  }}
  server {{ listen 127.0.0.1:{3}; access_log off; location / {{ stub_status; }} }}
}}
)",
                        at, port_, answer(), status_port_);
  config.close();
  const std::string config_file = at + "/nginx.conf";
  const pid_t parent = ::getpid();
  server_ = ::fork();
  if (server_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(1);
    ::execlp("nginx", "nginx", "-p", at.c_str(), "-c", config_file.c_str(), nullptr);
    ::_exit(127);
  }
  require(server_ > 0, "cannot start nginx");
  for (int tries = 0; tries < 100; ++tries) {
    if (const int made = loopback_socket(status_port_, false); made >= 0) {
      ::close(made);
      return;
    }
    std::this_thread::sleep_for(50ms);
  }
  throw wrong_result{"nginx did not start; see " + at + "/error.log"};
}

carrier_stand_in::~carrier_stand_in() {
  ::kill(server_, SIGTERM);
  ::waitpid(server_, nullptr, 0);
}

std::string carrier_stand_in::url() const {
  return fmt::format("https://127.0.0.1:{}", port_);
}

std::uint64_t carrier_stand_in::requests() {
  const int made = loopback_socket(status_port_, false);
  require(made >= 0, "the server's status does not answer");
  constexpr std::string_view ask = "GET / HTTP/1.0\r\n\r\n";
  require(::write(made, ask.data(), ask.size()) == static_cast<ssize_t>(ask.size()), "the status takes no request");
  ++status_requests_;
  std::string text;
  std::array<char, 1024> part;
  for (ssize_t got = 0; (got = ::read(made, part.data(), part.size())) > 0;) {
    text.append(part.data(), static_cast<std::size_t>(got));
  }
  ::close(made);
  const auto line = text.find("requests\n");
  unsigned long long accepted = 0;
  unsigned long long handled = 0;
  unsigned long long requests = 0;
  const bool read = line != std::string::npos &&
                    std::sscanf(text.c_str() + line + 9, "%llu %llu %llu", &accepted, &handled, &requests) == 3;
  require(read, "the server's status is not understood: " + text);
  return requests - status_requests_;
}

double carrier_stand_in::mean_body_bytes() const {
  std::ifstream in{directory_ / "sizes.log"};
  double sum = 0;
  double count = 0;
  for (double size = 0; in >> size; ++count) sum += size;
  require(count > 0, "no request was sampled");
  return sum / count;
}

double carrier_stand_in::run_wrk(std::size_t body_bytes, int seconds) const {
  std::ofstream script{directory_ / "create.lua"};
  script << "wrk.method = 'POST'\nwrk.body = string.rep('x', " << body_bytes
         << ")\nwrk.headers['Content-Type'] = 'application/x-www-form-urlencoded'\n"
            "wrk.headers['Authorization'] = 'Basic "
         << std::string(88, 'A') << "'\n";
  script.close();
  const std::string text =
      output_of(fmt::format("wrk -t1 -c64 -d{}s -s {}/create.lua {}/2010-04-01/Accounts/{}/Calls.json", seconds,
                            directory_.string(), url(), account_sid));
  const auto at = text.find("Requests/sec:");
  require(at != std::string::npos && text.find("Non-2xx") == std::string::npos, "wrk failed:\n" + text);
  return std::stod(text.substr(at + 13));
}

}  // namespace dialer::bench
