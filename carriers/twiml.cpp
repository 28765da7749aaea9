#include "carriers/twiml.hpp"

#include "carriers/agent_address.hpp"

namespace dialer::carriers {
namespace {

/// Control characters have no place in XML, not even escaped.
void append_escaped(std::string_view text, std::string& out) {
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&apos;"; break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20 || c == '\t' || c == '\n') out += c;
    }
  }
}

std::string document(std::string_view before, std::string_view text, std::string_view after) {
  std::string made{"<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>"};
  made += before;
  append_escaped(text, made);
  made += after;
  made += "</Response>";
  return made;
}

}  // namespace

std::string twiml_redirect(std::string_view url) {
  return document("<Redirect method=\"POST\">", url, "</Redirect>");
}

std::string twiml_dial_sip(std::string_view address, std::string_view action) {
  std::string before = "<Dial answerOnBridge=\"true\" timeout=\"" + std::to_string(sip_ring_timeout_s) + "\"";
  if (!action.empty()) {
    before += " action=\"";
    append_escaped(action, before);
    before += "\" method=\"POST\"";
  }
  return document(before + "><Sip>", address, "</Sip></Dial>");
}

std::string twiml_voicemail(std::string_view message, int recording_max_s) {
  return document("<Say>", message,
                  "</Say><Record playBeep=\"true\" maxLength=\"" + std::to_string(recording_max_s) + "\"/>");
}

std::string twiml_not_in_service() {
  return document("<Reject/>", {}, {});
}

std::string twiml_busy() {
  return document("<Reject reason=\"busy\"/>", {}, {});
}

std::string twiml_hang_up() {
  return document("<Hangup/>", {}, {});
}

}  // namespace dialer::carriers
