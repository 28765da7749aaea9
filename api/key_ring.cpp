#include "api/key_ring.hpp"

namespace dialer::api {

verified_key key_ring::verify(std::string_view presented) const {
  const auto id = api_key_id_of(presented);
  if (!id) return {};
  const instant now = time_.now();
  if (now.steady.time_since_epoch().count() >= trusted_until_.load()) return {key_verdict::unavailable, {}};
  const auto known = entries_.load();
  const auto found = known->find(*id);
  if (found == known->end()) return {};
  const entry& key = found->second;
  if (!equal_secrets(api_key_hash(presented, pepper_), key.hash)) return {};
  if (key.expires_at && now.utc >= *key.expires_at) return {key_verdict::expired, {}};
  return {key_verdict::good, key.who};
}

key_verdict key_ring::standing(api_key_id key) const {
  const instant now = time_.now();
  if (now.steady.time_since_epoch().count() >= trusted_until_.load()) return key_verdict::unavailable;
  const auto known = entries_.load();
  const auto found = known->find(key);
  if (found == known->end()) return key_verdict::unknown;
  return found->second.expires_at && now.utc >= *found->second.expires_at ? key_verdict::expired : key_verdict::good;
}

std::size_t key_ring::replace(organisation_id organisation, const std::vector<sql::api_key_record>& keys) {
  auto next = std::make_shared<entries>(*entries_.load());
  std::erase_if(*next, [&](const auto& each) { return each.second.who.organisation == organisation; });
  std::size_t foreign = 0;
  for (const sql::api_key_record& key : keys) {
    if (key.revoked_at) continue;
    if (key.pepper != mark_) {
      ++foreign;
      continue;
    }
    next->insert_or_assign(key.id, entry{{organisation, key.id, key.workspace, key.scopes}, key.hash, key.expires_at});
  }
  entries_.store(std::move(next));
  return foreign;
}

}  // namespace dialer::api
