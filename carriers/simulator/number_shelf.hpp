#pragma once
// The numbers of one simulated carrier: what is for sale, who holds what. Memory only; what is for sale is a pure
// function of the seed, out of ranges that numbering plans reserve for fiction.

#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "carriers/simulator/dice.hpp"
#include "carriers/simulator/scenario.hpp"
#include "model/clock.hpp"

namespace dialer::carriers::simulator {

/// Bits of shelf_number::capabilities.
enum number_capability : unsigned { can_voice = 1, can_sms = 2, can_mms = 4, can_fax = 8 };

struct shelf_number {
  std::string number;  ///< E.164
  std::string country;
  number_kind kind = number_kind::local;
  unsigned capabilities = can_voice;
  std::string area_code;  ///< empty where the plan has none
  std::string locality;
  std::string state;
};

/// A number that an account holds.
struct held_number {
  std::uint64_t ref_high = 0;
  std::uint64_t ref_low = 0;
  std::uint64_t serial = 0;  ///< in the order of buying, from 1
  std::size_t account = 0;
  shelf_number what;
  std::map<std::string, std::string, std::less<>> settings;  ///< by the carrier's own names
  utc_time bought{};
  utc_time updated{};

  std::string setting(std::string_view name) const;
};

class number_shelf {
 public:
  /// Equal salts give equal references.
  number_shelf(const scenario& rules, carrier_name carrier, std::uint64_t seed, std::uint64_t reference_salt);

  /// For sale now, in an order of the seed's.
  std::vector<shelf_number> offers(std::string_view country, number_kind kind) const;
  /// nullopt: not for sale, or not any more.
  std::optional<shelf_number> offer(std::string_view number) const;
  /// Whether anything of that kind is ever sold in the country.
  bool sells(std::string_view country, number_kind kind) const;
  /// With what the scenario wants buying to be refused; empty: it does not.
  std::string_view refusal_of(std::string_view number) const;

  /// Not for sale from now on, or again.
  void reserve(const std::string& number) { taken_.insert(number); }
  void put_back(const std::string& number) { taken_.erase(number); }

  held_number& hold(std::size_t account, shelf_number what, utc_time now);
  /// Puts it back on the shelf.
  void release(const held_number& held);
  held_number* find(std::size_t account, std::uint64_t ref_high, std::uint64_t ref_low);
  /// Who holds it, whichever account; null when nobody does.
  held_number* find(std::string_view number);
  /// Newest first.
  std::vector<held_number*> held_by(std::size_t account);

 private:
  const scenario& rules_;
  carrier_name carrier_;
  std::uint64_t seed_;
  random_source references_;
  std::uint64_t serial_ = 0;
  boost::unordered_flat_set<std::string> taken_;
  std::vector<std::unique_ptr<held_number>> held_;
};

/// What can be told of any number in E.164: country, area code and place where the shelf knows them.
shelf_number describe_number(std::string_view number, number_kind kind);

}  // namespace dialer::carriers::simulator
