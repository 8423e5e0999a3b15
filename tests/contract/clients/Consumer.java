import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.api.ExchangeApi;
import org.openapitools.client.api.ProcurementApi;
import org.openapitools.client.api.StatisticsApi;
import org.openapitools.client.model.ChangesRead;
import org.openapitools.client.model.PackageDetail;
import org.openapitools.client.model.PackageKind;
import org.openapitools.client.model.PackageRead;
import org.openapitools.client.model.PackageStatus;
import org.openapitools.client.model.PagePackageRead;
import org.openapitools.client.model.Problem;
import org.openapitools.client.model.SavingsItem;
import org.openapitools.client.model.SavingsRead;

/** Uses the generated Java client (openapi-generator, library native): two pages, one package, one figure, two refusals. */
public class Consumer {
    private static ApiClient client;

    public static void main(String[] arguments) throws Throwable {
        client = new ApiClient();
        client.updateBaseUri(arguments[0]);
        ProcurementApi procurement = new ProcurementApi(client);
        List<String> surabaya = List.of("surabaya");

        List<String> codes = new ArrayList<>();
        Map<String, Object> asked = new HashMap<>(Map.of("node", surabaya, "limit", 3));
        for (int number = 0; number < 2; number++) {
            PagePackageRead page = call(procurement, "listPackages", asked);
            page.getItems().forEach(item -> codes.add(item.getCode()));
            asked.put("after", page.getNext());
        }
        PagePackageRead completed = call(
            procurement, "listPackages", Map.of("node", surabaya, "status", List.of(PackageStatus.COMPLETED), "limit", 1000));
        Map<String, Object> one = Map.of("node", "surabaya", "kind", PackageKind.TENDER, "code", codes.get(0));
        PackageDetail whole = call(procurement, "getPackage", one);
        Map<String, Object> thin = new HashMap<>(one);
        thin.put("fields", List.of("code", "pagu"));
        PackageDetail sparse = call(procurement, "getPackage", thin);
        SavingsRead savings = call(
            new StatisticsApi(client), "getSavings",
            Map.of("node", surabaya, "fiscalYear", List.of(2025), "groupBy", List.of("node", "fiscal_year")));
        ChangesRead changes = call(new ExchangeApi(client), "getChanges", Map.of("limit", 2));
        Problem refusal = refused(procurement, "getPackage", Map.of("node", "surabaya", "kind", PackageKind.TENDER, "code", "0"));
        Problem wrong = refused(procurement, "listPackages", Map.of("limit", 0));

        SavingsItem group = savings.getItems().get(0);
        BigDecimal saved = savings.getTotal().getByPagu().getSavings();
        Map<String, Object> said = new HashMap<>();
        said.put("codes", codes);
        said.put("has_more", asked.get("after") != null);
        said.put("completed", completed.getItems().size());
        said.put("pagu", whole.getPagu());
        said.put("has_nulls", completed.getItems().stream().anyMatch(Consumer::lacksSomething));
        said.put("kind", whole.getKind().getValue());
        said.put("changed_at", whole.getChangedAt().toString());
        said.put("sparse", Arrays.asList(sparse.getCode(), sparse.getPagu(), sparse.getKind()));
        said.put("saved", saved);
        said.put("group", List.of(group.getNode(), group.getFiscalYear()));
        said.put("changes", changes.getItems().size());
        said.put("refusal", refusal.getCode());
        said.put("wrong", wrong.getErrors().get(0).getPointer());
        System.out.println(client.getObjectMapper().writeValueAsString(said));
    }

    private static boolean lacksSomething(PackageRead item) {
        return item.getPagu() == null || item.getBidders() == null || item.getCreatedOn() == null;
    }

    /** Generated methods take every parameter in order; those that are not named here are left out. */
    @SuppressWarnings("unchecked")
    private static <T> T call(Object api, String name, Map<String, Object> named) throws Throwable {
        for (Method method : api.getClass().getMethods()) {
            Class<?>[] types = method.getParameterTypes();
            if (method.getName().equals(name) && types[types.length - 1] != Map.class) {
                Object[] values = Arrays.stream(method.getParameters()).map(each -> named.get(each.getName())).toArray();
                try {
                    return (T) method.invoke(api, values);
                } catch (InvocationTargetException error) {
                    throw error.getCause();
                }
            }
        }
        throw new NoSuchMethodException(name);
    }

    private static Problem refused(Object api, String name, Map<String, Object> named) throws Throwable {
        try {
            call(api, name, named);
        } catch (ApiException error) {
            return client.getObjectMapper().readValue(error.getResponseBody(), Problem.class);
        }
        throw new IllegalStateException(name + " was not refused");
    }
}
