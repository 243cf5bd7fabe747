"""A list as the theme shows it, and for each row a page of its own: what it is, and what one may do about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.http import urlencode

from chat.admin.read_only import ReadOnlyAdmin
from chat.models import User

Page = tuple[str, Callable[..., HttpResponseBase], str]
"""Route, view, name."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A button above a list."""

    title: str | Promise
    url: str
    icon: str
    is_first: bool = False


def get_person(request: HttpRequest, permission: str) -> User:
    """Who asks, if they may. Raises PermissionDenied."""
    user = cast(User, request.user)
    if not user.has_perm(permission):
        raise PermissionDenied
    return user


def link_to(row: Model) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def locate_lineage(kind: str, row_id: Any) -> str:
    """The page that says where this reply or adapter comes from, or what became of this dialog."""
    return f"{reverse('admin:training_lineage')}?{urlencode({kind: str(row_id)})}"


class RowPageAdmin(ReadOnlyAdmin):
    """`row_template` shows one row with what `describe` says of it; other pages are named in `list_pages`."""

    list_before_template = "admin/list_tools.html"
    row_template = ""

    class Media:
        css: ClassVar = {"all": ["training/css/flywheel.css"]}

    def describe(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        raise NotImplementedError

    def list_tools(self, request: HttpRequest) -> Sequence[Tool]:
        return ()

    def list_pages(self) -> Sequence[Page]:
        return ()

    def get_urls(self) -> list[URLPattern]:
        pages = [path(route, self.admin_site.admin_view(view), name=name) for route, view, name in self.list_pages()]
        return [*pages, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {"tools": self.list_tools(request), **(extra_context or {})}
        return cast(HttpResponse, super().changelist_view(request, context))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        row = self.get_row(request, object_id)
        return self.show(request, self.row_template, str(row), row=row, **self.describe(request, row))

    def get_row(self, request: HttpRequest, row_id: Any) -> Any:
        """Raises PermissionDenied, or Http404."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self.get_object(request, str(row_id))
        if row is None:
            raise Http404
        return row

    def show(self, request: HttpRequest, template: str, title: str | Promise, **context: Any) -> TemplateResponse:
        request.current_app = self.admin_site.name
        shown = {**self.admin_site.each_context(request), "opts": self.opts, "title": title, **context}
        return TemplateResponse(request, template, shown)

    def go_to(self, row: Model) -> HttpResponseRedirect:
        return redirect(link_to(row))
