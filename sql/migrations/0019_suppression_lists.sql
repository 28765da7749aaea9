-- Lists may be put in force over the API.

GRANT INSERT, UPDATE, DELETE ON do_not_call_list TO dialer_api;
