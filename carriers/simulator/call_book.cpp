#include "carriers/simulator/call_book.hpp"

namespace dialer::carriers::simulator {

std::int64_t call_record::talk_seconds(utc_time until) const noexcept {
  if (!was_answered()) return 0;
  return std::chrono::ceil<std::chrono::seconds>((ended == utc_time{} ? until : ended) - answered).count();
}

call_record& call_book::add(std::size_t account, create_order order) {
  auto record = std::make_unique<call_record>();
  record->index = calls_.size();
  record->account = account;
  record->ref_high = references_();
  record->ref_low = references_();
  auto& same_number = by_to_[order.to];
  record->ordinal = same_number.size();
  same_number.push_back(record->index);
  by_ref_.emplace(ref_key{record->ref_high, record->ref_low}, record->index);
  record->order = std::move(order);
  calls_.push_back(std::move(record));
  return *calls_.back();
}

call_record* call_book::find(std::uint64_t ref_high, std::uint64_t ref_low) {
  const auto found = by_ref_.find(ref_key{ref_high, ref_low});
  return found == by_ref_.end() ? nullptr : calls_[found->second].get();
}

const std::vector<std::size_t>& call_book::calls_to(std::string_view to) const {
  static const std::vector<std::size_t> none;
  const auto found = by_to_.find(to);
  return found == by_to_.end() ? none : found->second;
}

}  // namespace dialer::carriers::simulator
