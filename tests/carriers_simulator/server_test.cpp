// The simulator behind real sockets: TLS with its own authority, kept connections, callbacks to a listener, the log.

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "carriers/simulator/carrier_simulator.hpp"
#include "carriers/simulator/log_reader.hpp"
#include "carriers/simulator/wire_text.hpp"
#include "tests/scratch.hpp"

namespace dialer::carriers::simulator {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using boost::system::error_code;

const std::string account_sid = "AC00000000000000000000000000000001";

simulator_options options_for(const scratch& place, const std::string& toml) {
  simulator_options options;
  options.log_file = place.file("log");
  options.scenario_file = place.file("scenario.toml", toml);
  options.twilio_accounts = {{account_sid, "a-token"}};
  options.telnyx_accounts = {{"KEY1", "conn-1"}};
  return options;
}

/// A simulator on a thread of its own, stopped at the end.
struct running {
  explicit running(const simulator_options& options) : simulator{options}, thread{[this] { simulator.run(); }} {}
  ~running() { stop(); }
  void stop() {
    if (!thread.joinable()) return;
    simulator.stop();
    thread.join();
  }
  carrier_simulator simulator;
  std::thread thread;
};

/// A simulator in a process of its own, as the command line starts it.
struct started {
  explicit started(const simulator_options& options) {
    int ends[2];
    if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
    pid = ::fork();
    if (pid == 0) {
      std::ofstream out{"/dev/fd/" + std::to_string(ends[1])};
      ::_exit(run_carrier_simulator(options, out));
    }
    ::close(ends[1]);
    for (char c = 0; ::read(ends[0], &c, 1) == 1 && c != '\n';) line.push_back(c);
    ::close(ends[0]);
  }
  /// Its exit code; -1 when it did not end by itself.
  int stop() const {
    ::kill(pid, SIGTERM);
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  pid_t pid = -1;
  std::string line;  ///< what it said when it was ready
};

/// A client that checks the server's certificate against the simulator's authority.
class https_client {
 public:
  https_client(const std::string& address, const std::string& ca_file, const std::string& name = "localhost") {
    tls_.load_verify_file(ca_file);
    tls_.set_verify_mode(asio::ssl::verify_peer);
    stream_.emplace(io_, tls_);
    stream_->set_verify_callback(asio::ssl::host_name_verification{name});
    const auto colon = address.rfind(':');
    asio::connect(stream_->next_layer(),
                  tcp::resolver{io_}.resolve(address.substr(0, colon), address.substr(colon + 1)));
    stream_->handshake(asio::ssl::stream_base::client);
  }

  void send(const std::string& bytes) { asio::write(*stream_, asio::buffer(bytes)); }

  /// One answer with a Content-Length; what came before the connection ended, if it did.
  std::string receive(error_code& error) {
    for (;;) {
      const auto head = pending_.find("\r\n\r\n");
      if (head != std::string::npos) {
        const auto field = pending_.find("Content-Length: ");
        const auto length = static_cast<std::size_t>(std::stoul(pending_.substr(field + 16)));
        if (pending_.size() >= head + 4 + length) {
          auto answer = pending_.substr(0, head + 4 + length);
          pending_.erase(0, head + 4 + length);
          return answer;
        }
      }
      std::array<char, 4096> buffer{};
      const auto size = stream_->read_some(asio::buffer(buffer), error);
      pending_.append(buffer.data(), size);
      if (error) return pending_;
    }
  }
  std::string receive() {
    error_code error;
    auto answer = receive(error);
    EXPECT_FALSE(error) << error.message();
    return answer;
  }

 private:
  asio::io_context io_;
  asio::ssl::context tls_{asio::ssl::context::tls_client};
  std::optional<asio::ssl::stream<tcp::socket>> stream_;
  std::string pending_;
};

std::string create_request(const std::string& to, const std::string& callback = {}) {
  form_fields form;
  form.add("To", to);
  form.add("From", "+12125550199");
  form.add("Url", "https://agent.example.com/answer");
  if (!callback.empty()) form.add("StatusCallback", callback);
  for (const char* event : {"initiated", "ringing", "answered", "completed"}) form.add("StatusCallbackEvent", event);
  const auto body = form.encode();
  return "POST /2010-04-01/Accounts/" + account_sid +
         "/Calls.json HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic " + base64_encode(account_sid + ":a-token") +
         "\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

std::vector<log_entry> log_of(const simulator_options& options) {
  std::vector<log_entry> out;
  log_reader reader{options.log_file};
  for (log_entry entry; reader.next(entry);) out.push_back(entry);
  return out;
}

std::size_t count(const std::vector<log_entry>& log, log_event event) {
  return static_cast<std::size_t>(
      std::count_if(log.begin(), log.end(), [&](const auto& e) { return e.event == event; }));
}

const std::string quick =
    "[twilio]\ncps = 0\n[outcomes]\nhuman = 1\n[timing]\npost_dial_ms = 1\nring_ms = 1\ntalk_ms = 1\n";

TEST(SimulatorServer, TwoRequestsOnOneConnection_BothAnsweredAndLogged) {
  const scratch place;
  const auto options = options_for(place, quick);
  {
    running sim{options};
    https_client client{sim.simulator.twilio_address(), sim.simulator.ca_file()};
    client.send(create_request("+12125550100") + create_request("+12125550101"));  // pipelined, even
    for (int i = 0; i < 2; ++i) {
      const auto answer = client.receive();
      EXPECT_TRUE(answer.starts_with("HTTP/1.1 201 Created\r\n")) << answer;
      EXPECT_NE(answer.find("\r\nDate: "), std::string::npos);
      EXPECT_NE(answer.find("\"status\":\"queued\""), std::string::npos);
    }
    https_client other{sim.simulator.telnyx_address(), sim.simulator.ca_file()};
    other.send("GET /v2/balance HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer KEY1\r\n\r\n");
    EXPECT_TRUE(other.receive().starts_with("HTTP/1.1 200 OK\r\n"));
  }
  const auto log = log_of(options);
  EXPECT_EQ(log.front().event, log_event::simulator_started);
  EXPECT_EQ(log.back().event, log_event::simulator_stopped);
  EXPECT_EQ(count(log, log_event::call_created), 2U);
}

TEST(SimulatorServer, OtherHostName_CertificateIsRefusedByTheClient) {
  const scratch place;
  running sim{options_for(place, quick)};
  EXPECT_THROW(https_client(sim.simulator.twilio_address(), sim.simulator.ca_file(), "api.twilio.com"),
               boost::system::system_error);
  EXPECT_NO_THROW(https_client(sim.simulator.twilio_address(), sim.simulator.ca_file(), "127.0.0.1"));
}

TEST(SimulatorServer, Callbacks_ReachTheListenerAndAreAcknowledged) {
  const scratch place;
  const auto options = options_for(place, quick);
  asio::io_context io;
  tcp::acceptor listener{io, tcp::endpoint{asio::ip::make_address("127.0.0.1"), 0}};
  std::vector<std::string> seen;
  {
    running sim{options};
    https_client client{sim.simulator.twilio_address(), sim.simulator.ca_file()};
    client.send(create_request("+12125550100", "http://127.0.0.1:" + std::to_string(listener.local_endpoint().port()) +
                                                   "/callbacks/twilio?t=tok-1#rc=2"));
    client.receive();
    for (int i = 0; i < 4; ++i) {
      auto socket = listener.accept();
      std::string request;
      std::array<char, 4096> buffer{};
      while (request.find("CallSid=") == std::string::npos) {
        request.append(buffer.data(), socket.read_some(asio::buffer(buffer)));
      }
      seen.push_back(request);
      asio::write(socket, asio::buffer(std::string("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")));
      error_code ignored;
      while (!ignored) socket.read_some(asio::buffer(buffer), ignored);  // until the simulator has read it and closed
    }
  }
  ASSERT_EQ(seen.size(), 4U);
  for (const auto& request : seen) {
    EXPECT_TRUE(request.starts_with("POST /callbacks/twilio?t=tok-1 HTTP/1.1\r\n")) << request;
    EXPECT_NE(request.find("\r\nX-Twilio-Signature: "), std::string::npos);
  }
  EXPECT_EQ(count(log_of(options), log_event::callback_acknowledged), 4U);
}

TEST(SimulatorServer, CallbackTargetDown_ApiGoesOnAndTheLossIsLogged) {
  const scratch place;
  const auto options = options_for(place, quick + "[callbacks]\nretry_ms = 1\n");
  std::uint16_t closed_port = 0;
  {
    asio::io_context io;
    closed_port = tcp::acceptor{io, tcp::endpoint{asio::ip::make_address("127.0.0.1"), 0}}.local_endpoint().port();
  }
  running sim{options};
  https_client client{sim.simulator.twilio_address(), sim.simulator.ca_file()};
  const auto callback = "http://127.0.0.1:" + std::to_string(closed_port) + "/c";
  std::size_t lost = 0;
  for (int i = 0; i < 500 && lost < 4; ++i) {
    client.send(create_request("+12125550100", callback));
    EXPECT_TRUE(client.receive().starts_with("HTTP/1.1 201"));
    lost = count(log_of(options), log_event::callback_lost);
  }
  EXPECT_GE(lost, 4U);
}

TEST(SimulatorServer, EachTransportFault_IsWhatTheClientSees) {
  struct row {
    const char* kind;
    bool clean_end;
    bool any_byte;
  };
  for (const auto& row : {row{"drop_before", false, false}, row{"drop_after", false, false},
                          row{"reset_after", false, false}, row{"partial_answer", false, true}}) {
    const scratch place;
    auto options = options_for(place, quick + "[[fault]]\nkind = \"" + row.kind + "\"\n");
    running sim{options};
    https_client client{sim.simulator.twilio_address(), sim.simulator.ca_file()};
    client.send(create_request("+12125550100"));
    error_code error;
    const auto answer = client.receive(error);
    EXPECT_TRUE(error) << row.kind;
    EXPECT_EQ(!answer.empty(), row.any_byte) << row.kind;
    if (std::string(row.kind) == "reset_after") {
      EXPECT_EQ(error, asio::error::connection_reset);
    }
    if (row.any_byte) {
      EXPECT_TRUE(answer.starts_with("HTTP/1.1 201"));
    }
  }
}

TEST(SimulatorServer, TrickledAndLateAnswers_ArriveWhole) {
  const scratch place;
  auto options = options_for(place, quick +
                                        "[[fault]]\nkind = \"answer_late\"\ndelay_ms = 30\n"
                                        "[[fault]]\nkind = \"trickled_answer\"\ndelay_ms = 0\n");
  running sim{options};
  https_client client{sim.simulator.twilio_address(), sim.simulator.ca_file()};
  const auto begin = std::chrono::steady_clock::now();
  client.send(create_request("+12125550100"));
  EXPECT_TRUE(client.receive().ends_with("}"));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds{30});
}

TEST(SimulatorServer, Nonsense_ClosesThatConnectionOnly) {
  const scratch place;
  running sim{options_for(place, quick)};
  https_client bad{sim.simulator.twilio_address(), sim.simulator.ca_file()};
  bad.send("NONSENSE\r\n\r\n");
  error_code error;
  EXPECT_EQ(bad.receive(error), "");
  EXPECT_TRUE(error);
  https_client huge{sim.simulator.twilio_address(), sim.simulator.ca_file()};
  huge.send("GET / HTTP/1.1\r\nX: " + std::string(40'000, 'a') + "\r\n\r\n");
  error.clear();
  huge.receive(error);
  EXPECT_TRUE(error);
  https_client good{sim.simulator.twilio_address(), sim.simulator.ca_file()};
  good.send(create_request("+12125550100"));
  EXPECT_TRUE(good.receive().starts_with("HTTP/1.1 201"));
}

TEST(SimulatorServer, ClockOffset_ShiftsDatesAndLog) {
  const scratch place;
  auto options = options_for(place, quick);
  const auto target = std::chrono::sys_days{std::chrono::year{2030} / 3 / 4} + std::chrono::hours{12};
  options.clock_offset_us =
      std::chrono::floor<std::chrono::microseconds>(target - std::chrono::system_clock::now()).count();
  running sim{options};
  https_client client{sim.simulator.twilio_address(), sim.simulator.ca_file()};
  client.send(create_request("+12125550100"));
  EXPECT_NE(client.receive().find("\r\nDate: Mon, 04 Mar 2030 12:0"), std::string::npos);
  sim.stop();
  EXPECT_EQ(rfc3339(log_of(options).back().at).substr(0, 13), "2030-03-04T12");
}

TEST(SimulatorProcess, SigTerm_EndsItCleanlyAfterTheReadyLine) {
  const scratch place;
  const auto options = options_for(place, quick);
  const started child{options};
  const std::string& line = child.line;
  EXPECT_NE(line.find("\"telnyx_public_key\":\""), std::string::npos) << line;
  EXPECT_NE(line.find("\"ca_file\":\"" + options.log_file + ".ca.pem\""), std::string::npos) << line;
  EXPECT_EQ(child.stop(), 0);
  EXPECT_EQ(log_of(options).back().event, log_event::simulator_stopped);
}

TEST(SimulatorProcess, KeptFromRunning_SaysSinceWhenItsInstantsAreLate) {
  const scratch place;
  const auto options = options_for(place, quick);
  const started child{options};
  constexpr std::string_view before = "{\"twilio\":\"";
  ASSERT_TRUE(child.line.starts_with(before)) << child.line;
  const std::string address = child.line.substr(before.size(), child.line.find('"', before.size()) - before.size());
  https_client client{address, options.log_file + ".ca.pem"};
  client.send(create_request("+12125550100"));
  ASSERT_TRUE(client.receive().starts_with("HTTP/1.1 201")) << "it runs, and so watches itself";
  constexpr std::chrono::milliseconds kept{50};
  ::kill(child.pid, SIGSTOP);
  int status = 0;
  ASSERT_EQ(::waitpid(child.pid, &status, WUNTRACED), child.pid);
  ASSERT_TRUE(WIFSTOPPED(status));
  ::poll(nullptr, 0, kept.count());
  ::kill(child.pid, SIGCONT);

  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  std::int64_t longest = 0;
  while (longest < 49'000 && std::chrono::steady_clock::now() < deadline) {
    for (const log_entry& entry : log_of(options)) longest = std::max(longest, entry.behind_us);
  }
  EXPECT_GE(longest, 49'000) << "up to a pulse of 1 ms may have passed before";
  EXPECT_EQ(child.stop(), 0);
}

TEST(SimulatorProcess, BadConfiguration_78AndBusyPort_1) {
  const scratch place;
  std::ostringstream out;
  EXPECT_EQ(run_carrier_simulator(options_for(place, "nonsense = 1"), out), 78);
  auto twice = options_for(place, quick);
  twice.twilio_accounts.push_back({account_sid, "other"});
  EXPECT_EQ(run_carrier_simulator(twice, out), 78);
  running first{options_for(place, quick)};
  auto busy = options_for(place, quick);
  busy.twilio_listen = first.simulator.twilio_address();
  EXPECT_EQ(run_carrier_simulator(busy, out), 1);
  auto half = options_for(place, quick);
  half.tls_cert = "/nowhere.pem";
  EXPECT_EQ(run_carrier_simulator(half, out), 1);
  EXPECT_EQ(out.str(), "") << "nothing may look ready";
}

}  // namespace
}  // namespace dialer::carriers::simulator
