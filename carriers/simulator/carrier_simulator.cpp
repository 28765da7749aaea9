#include "carriers/simulator/carrier_simulator.hpp"

#include <openssl/rand.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <fstream>
#include <iostream>

#include "carriers/simulator/api_server.hpp"
#include "carriers/simulator/callback_client.hpp"
#include "carriers/simulator/certificate.hpp"
#include "carriers/simulator/json_writer.hpp"
#include "carriers/simulator/log_file.hpp"
#include "carriers/simulator/signing.hpp"
#include "carriers/simulator/simulated_carrier.hpp"

namespace dialer::carriers::simulator {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::microseconds;

// How often the simulator looks whether it keeps up with what arrives.
constexpr auto pulse = microseconds{1000};
constexpr auto timeline_grain = microseconds{500};  // timers finer than this cost more than they give

/// Wall-clock time that cannot step back: read once, then carried on by the steady clock.
class forward_clock {
 public:
  explicit forward_clock(std::int64_t offset_us)
      : wall_{std::chrono::floor<microseconds>(std::chrono::system_clock::now()) + microseconds{offset_us}},
        steady_{std::chrono::steady_clock::now()} {}
  utc_time now() const { return wall_ + std::chrono::floor<microseconds>(std::chrono::steady_clock::now() - steady_); }

 private:
  utc_time wall_;
  std::chrono::steady_clock::time_point steady_;
};

template <std::size_t N>
std::array<std::uint8_t, N> random_bytes() {
  std::array<std::uint8_t, N> out{};
  if (RAND_bytes(out.data(), static_cast<int>(N)) != 1) throw std::runtime_error("OpenSSL has no random numbers");
  return out;
}

std::uint64_t random_salt() {
  const auto bytes = random_bytes<8>();
  std::uint64_t out = 0;
  for (const auto byte : bytes) out = out << 8 | byte;
  return out;
}

void write_file(const std::string& path, const std::string& content) {
  std::ofstream file{path, std::ios::binary | std::ios::trunc};
  file << content;
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

}  // namespace

struct carrier_simulator::impl {
  /// One carrier behind its server: hands requests in and effects out.
  struct side final : request_handler, outputs {
    side(impl& owner_, std::size_t source_) : owner{owner_}, source{source_} {}

    api_answer on_request(const api_request& request) override {
      auto answer = carrier->handle(request, owner.clock.now());
      owner.arm_timeline();
      return answer;
    }
    void on_answer_finished(int account) override { carrier->answer_finished(account); }
    utc_time now() const override { return owner.clock.now(); }
    void record(const log_entry& entry) override { owner.log.append(entry); }
    void post(callback_post callback) override { owner.callbacks.post(source, std::move(callback)); }

    impl& owner;
    std::size_t source;
    std::unique_ptr<simulated_carrier> carrier;
    std::unique_ptr<api_server> server;
  };

  explicit impl(const simulator_options& options)
      : rules{options.scenario_file.empty() ? scenario{} : load_scenario(options.scenario_file)},
        seed{options.seed != 0 ? options.seed : rules.seed.value_or(1)},
        key_seed{rules.telnyx_key_seed ? *rules.telnyx_key_seed : random_bytes<32>()},
        public_key{ed25519_key{key_seed}.public_base64()},
        log{options.log_file},
        clock{options.clock_offset_us},
        callbacks{io,
                  {.ca_file = options.callback_ca_file},
                  [this](std::size_t source, std::uint64_t id, callback_result result) {
                    sides[source]->carrier->callback_done(id, result, clock.now());
                    arm_timeline();
                  }} {
    prepare_tls(options);
    add_carriers(options);
    record_run(log_event::simulator_started);
    log.flush();
  }

  void prepare_tls(const simulator_options& options) {
    SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_2_VERSION);
    if (options.tls_cert.empty() != options.tls_key.empty()) {
      throw std::runtime_error("a certificate and its key belong together: give both or none");
    }
    if (!options.tls_cert.empty()) {
      try {
        tls.use_certificate_chain_file(options.tls_cert);
        tls.use_private_key_file(options.tls_key, asio::ssl::context::pem);
      } catch (const boost::system::system_error& error) {
        throw std::runtime_error("cannot use the certificate " + options.tls_cert + " with the key " + options.tls_key +
                                 ": " + error.code().message());
      }
      return;
    }
    const auto identity = make_server_identity();
    tls.use_certificate_chain(asio::buffer(identity.certificate));
    tls.use_private_key(asio::buffer(identity.key), asio::ssl::context::pem);
    ca_file = options.log_file + ".ca.pem";
    write_file(ca_file, identity.authority);
  }

  void add_carriers(const simulator_options& options) {
    carrier_setup twilio, telnyx;
    for (const auto& [sid, token] : options.twilio_accounts) twilio.accounts.push_back({sid, token});
    for (const auto& [key, connection] : options.telnyx_accounts) telnyx.accounts.push_back({connection, key});
    for (auto* setup : {&twilio, &telnyx}) {
      setup->rules = rules;
      setup->seed = seed;
      setup->reference_salt = random_salt();
    }
    sides[0] = std::make_unique<side>(*this, 0);
    sides[0]->carrier = make_twilio(std::move(twilio), *sides[0]);
    sides[1] = std::make_unique<side>(*this, 1);
    sides[1]->carrier = make_telnyx(std::move(telnyx), key_seed, *sides[1]);
    const std::array addresses{&options.twilio_listen, &options.telnyx_listen};
    for (std::size_t i = 0; i < sides.size(); ++i) {
      if (!addresses[i]->empty()) sides[i]->server = std::make_unique<api_server>(io, tls, *addresses[i], *sides[i]);
    }
  }

  void record_run(log_event event) {
    log_entry entry;
    entry.event = event;
    entry.at = clock.now();
    entry.seed = seed;
    log.append(entry);
  }

  void arm_timeline() {
    std::optional<utc_time> next;
    for (const auto& each : sides) {
      const auto due = each->carrier->next_due();
      if (due && (!next || *due < *next)) next = due;
    }
    if (!next || (armed && *armed <= *next)) return;
    armed = next;
    timeline.expires_after(std::max<microseconds>(*next - clock.now(), timeline_grain));
    timeline.async_wait([this](error_code error) {
      if (error) return;
      armed.reset();
      const auto now = clock.now();
      for (const auto& each : sides) each->carrier->advance(now);
      arm_timeline();
    });
  }

  // The log's instants are those at which requests were read. A thread that was kept from running, or has many of them
  // to read, reads late: whoever judges by these instants can see where.
  void watch_itself(std::chrono::steady_clock::time_point seen) {
    heartbeat.expires_at(seen + pulse);  // from the instant judged last, so that no pause falls between two beats
    heartbeat.async_wait([this](error_code error) {
      if (error) return;
      const auto now = std::chrono::steady_clock::now();
      const auto behind = std::chrono::floor<microseconds>(now - heartbeat.expiry());
      if (behind > pulse) {
        log_entry entry;
        entry.event = log_event::fell_behind;
        entry.at = clock.now();
        entry.behind_us = behind.count();
        log.append(entry);
      }
      watch_itself(now);
    });
  }

  asio::io_context io{1};  // first: it holds the connections, which refer to what follows, and drops them last
  scenario rules;
  std::uint64_t seed;
  std::array<std::uint8_t, 32> key_seed;
  std::string public_key;
  std::string ca_file;
  asio::ssl::context tls{asio::ssl::context::tls_server};
  log_file log;
  forward_clock clock;
  asio::steady_timer timeline{io};
  asio::steady_timer heartbeat{io};
  asio::signal_set signals{io};
  std::optional<utc_time> armed;
  callback_client callbacks;
  std::array<std::unique_ptr<side>, 2> sides;
};

carrier_simulator::carrier_simulator(const simulator_options& options) : impl_{std::make_unique<impl>(options)} {}
carrier_simulator::~carrier_simulator() = default;

std::string carrier_simulator::twilio_address() const {
  return impl_->sides[0]->server ? impl_->sides[0]->server->address() : std::string{};
}
std::string carrier_simulator::telnyx_address() const {
  return impl_->sides[1]->server ? impl_->sides[1]->server->address() : std::string{};
}
const std::string& carrier_simulator::ca_file() const noexcept {
  return impl_->ca_file;
}
const std::string& carrier_simulator::telnyx_public_key() const noexcept {
  return impl_->public_key;
}
std::uint64_t carrier_simulator::seed() const noexcept {
  return impl_->seed;
}

void carrier_simulator::stop_on_signals() {
  impl_->signals.add(SIGTERM);
  impl_->signals.add(SIGINT);
  impl_->signals.async_wait([this](error_code error, int) {
    if (!error) impl_->io.stop();
  });
}

void carrier_simulator::stop() {
  asio::post(impl_->io, [this] { impl_->io.stop(); });
}

void carrier_simulator::run() {
  impl_->watch_itself(std::chrono::steady_clock::now());
  impl_->io.run();
  impl_->record_run(log_event::simulator_stopped);
  impl_->log.flush();
}

int run_carrier_simulator(const simulator_options& options, std::ostream& out) {
  try {
    std::signal(SIGPIPE, SIG_IGN);
    carrier_simulator simulator{options};
    simulator.stop_on_signals();
    std::string line;
    json_writer json{line};
    json.open_object().field("twilio", simulator.twilio_address()).field("telnyx", simulator.telnyx_address());
    json.field("ca_file", simulator.ca_file()).field("telnyx_public_key", simulator.telnyx_public_key());
    json.field("log_file", options.log_file).field("seed", std::to_string(simulator.seed()));
    json.field("pid", ::getpid()).close_object();
    out << line << std::endl;
    simulator.run();
    return 0;
  } catch (const scenario_error& error) {
    std::cerr << error.what() << '\n';
    return 78;
  } catch (const std::invalid_argument& error) {
    std::cerr << error.what() << '\n';
    return 78;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}

}  // namespace dialer::carriers::simulator
