#pragma once

#include <boost/url/url_view.hpp>
#include <optional>
#include <string_view>

namespace dialer::carriers {

/// An absolute URL with a host; none for anything else. Views `text`.
std::optional<boost::urls::url_view> parse_url(std::string_view text);

/// True when it points at 127.0.0.0/8, [::1] or "localhost".
bool is_loopback_url(std::string_view text);

}  // namespace dialer::carriers
