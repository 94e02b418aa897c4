"""Robots: search crawlers that DNS vouches for, makers of link previews, and the sitemap for them."""
