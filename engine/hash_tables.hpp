#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <functional>

namespace dialer::engine {

/// Open-addressing tables keyed by the model's types, which bring std::hash. No pointer stability.
template <class Key, class Value>
using flat_map = boost::unordered_flat_map<Key, Value, std::hash<Key>>;
template <class Key>
using flat_set = boost::unordered_flat_set<Key, std::hash<Key>>;

}  // namespace dialer::engine
