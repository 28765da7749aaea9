#include "compliance/number_table.hpp"
#include "compliance/suppression.hpp"

namespace dialer::compliance {
namespace {

struct opted_out {
  std::uint64_t number = 0;
};

constexpr auto any = [](const opted_out&) { return true; };

}  // namespace

struct opt_out_set::impl {
  number_table<opted_out> table;
};

opt_out_set::opt_out_set() : impl_{std::make_unique<impl>()} {}
opt_out_set::~opt_out_set() = default;
opt_out_set::opt_out_set(opt_out_set&&) noexcept = default;
opt_out_set& opt_out_set::operator=(opt_out_set&&) noexcept = default;

void opt_out_set::insert(e164 number) {
  if (!contains(number)) impl_->table.insert({number.digits()});
}

void opt_out_set::erase(e164 number) {
  if (const auto* entry = impl_->table.find(number, any)) impl_->table.erase(entry);
}

bool opt_out_set::contains(e164 number) const noexcept {
  return impl_->table.contains(number);
}
void opt_out_set::prefetch(e164 number) const noexcept {
  impl_->table.prefetch(number);
}
std::size_t opt_out_set::size() const noexcept {
  return impl_->table.size();
}
std::size_t opt_out_set::bytes() const noexcept {
  return impl_->table.capacity() * sizeof(opted_out);
}

}  // namespace dialer::compliance
