//! What the server or its clients would refuse, or take and choke on, is told before they see it.
